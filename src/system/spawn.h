// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "system/processes.h"

namespace errand::system {

/// Processes::spawn of the operating system. The child shares our memory until it runs the program, so
/// the cost does not grow with the size of this process.
[[nodiscard]] Result<std::int32_t> spawn_program(const SpawnRequest& request);

}  // namespace errand::system
