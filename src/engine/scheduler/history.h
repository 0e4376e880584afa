// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/scheduler/dialect.h"

namespace errand::engine::scheduler {

/// What a scheduler remembers of jobs that its queue no longer shows.
struct History {
  std::vector<QueueEntry> entries;
  std::int64_t asked_since_ns = 0;  ///< since when this user's processes have asked for these jobs
};

/// Asks for these names (sorted), at most every answer_pace, however many processes want to know. `file`: the
/// name of the shared answers (answers.h), to which a number is added. A history that cannot be read has no
/// entries. Nothing: the state directory cannot be written.
[[nodiscard]] std::optional<History> ask_history(const Dialect& dialect, const std::string& file,
                                                 const std::vector<std::string>& names,
                                                 const std::string& user);

}  // namespace errand::engine::scheduler
