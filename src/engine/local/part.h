// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace errand::engine::local {

/// What an agent inside an allocation of a scheduler serves: one element of one submission of one job. It
/// holds no lock (the claim of its chunk's generation is its right), serves nothing else and ends with it.
struct Part {
  std::string job;
  std::uint32_t submission = 1;
  std::uint32_t element = 0;
  std::vector<std::string> environment;   ///< NAME=value of the allocation itself, for the tasks
  std::vector<std::string> continuation;  ///< argv that has the scheduler run the rest later; may be empty
};

/// Exit code of an allocation's agent that leaves tasks behind and could not have them continued.
inline constexpr int exit_code_rest = 75;

}  // namespace errand::engine::local
