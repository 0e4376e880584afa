// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "errand/error.h"

/// More memory for what ran out of it: the option `memory_retry`, a factor ("1.5") or a list of sizes
/// ("8G,16G"), says what a retry asks for in place of the option `memory` (or `memory_per_cpu`).
namespace errand::engine::scheduler {

/// Puts the memory of the step-th time into the options: step 0 leaves them alone; a list's last size
/// serves for all further steps. Pure. Errors: invalid_argument (neither a factor above 1 nor sizes; a
/// factor and no memory to multiply).
[[nodiscard]] Result<void> raise_memory(std::map<std::string, std::string>& options, std::uint32_t step);

}  // namespace errand::engine::scheduler
