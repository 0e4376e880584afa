// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "engine/scheduler/dialect.h"
#include "errand/error.h"

/// What Grid Engine's commands print, taken apart. Pure; total.
namespace errand::engine::grid_engine {

/// What `qstat -r -xml` prints: the entries of our jobs. Errors: corrupt (shows the text).
[[nodiscard]] Result<std::vector<scheduler::QueueEntry>> read_qstat(std::string_view xml);

/// What `qacct -j` prints: one entry for each time that an element of ours ran, the last run last. Errors:
/// corrupt (shows the text).
[[nodiscard]] Result<std::vector<scheduler::QueueEntry>> read_qacct(std::string_view text);

/// "1,3,5-7:1,9-13:2", whose numbers begin with 1, as runs that begin with 0. False: it is something else.
[[nodiscard]] bool read_tasks(std::string_view text,
                              std::vector<std::pair<std::uint32_t, std::uint32_t>>& elements);

}  // namespace errand::engine::grid_engine
