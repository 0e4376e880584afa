// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/scheduler/dialect.h"

namespace errand::engine::grid_engine {

/// What a state of Grid Engine means. Pure; total: letters that are not in the tables give
/// ElementState::unknown.
struct Meaning {
  scheduler::ElementState state = scheduler::ElementState::unknown;
  std::string reason;  ///< "waiting for free slots (qw)"
  bool blocked = false;
};
/// `letters` as qstat prints them ("qw", "hRwq", "dr"). `depends`: it waits for other jobs, which qstat shows
/// as a hold, too.
[[nodiscard]] Meaning read_state(std::string_view letters, bool depends);

/// How an element ended, in plain words: qacct's `failed` code, its text, and `exit_status`.
[[nodiscard]] std::string read_end(std::uint32_t failed, std::string_view text, std::uint32_t exit_status);

}  // namespace errand::engine::grid_engine
