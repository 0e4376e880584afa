// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/scheduler/dialect.h"
#include "errand/error.h"

/// What LSF's commands print, taken apart. Total.
namespace errand::engine::lsf {

/// What `bjobs -json` prints for the fields of queue_fields: the entries of our jobs. `now_s`: Unix time, for
/// the year of a finish time. Errors: corrupt (shows the text).
[[nodiscard]] Result<std::vector<scheduler::QueueEntry>> read_bjobs_json(std::string_view text,
                                                                         std::int64_t now_s);
inline constexpr const char* queue_fields =
    "jobid jobindex stat job_name exit_code exit_reason pend_reason finish_time";

/// What `bjobs -w` prints, which every version knows. Errors: corrupt (shows the text).
[[nodiscard]] Result<std::vector<scheduler::QueueEntry>> read_bjobs_wide(std::string_view text);

/// What `bhist -UF` prints: how and when elements of ours ended. Lines that are not understood are passed
/// over.
[[nodiscard]] std::vector<scheduler::QueueEntry> read_bhist(std::string_view text, std::int64_t now_s);

/// "Dec 28 19:56 L" as Unix time, the last one that is not later than a day after `now_s`; 0: it is none.
[[nodiscard]] std::int64_t read_finish_time(std::string_view text, std::int64_t now_s);

}  // namespace errand::engine::lsf
