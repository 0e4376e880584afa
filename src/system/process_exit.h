// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "errand/error.h"
#include "system/processes.h"

namespace errand::system {

/// A descriptor that becomes readable when the process ends; the caller closes it.
/// Errors: not_found (it has ended already, or its pid means another process now), not_supported.
[[nodiscard]] Result<int> watch_exit(const Processes& processes, const ProcessId& process);

}  // namespace errand::system
