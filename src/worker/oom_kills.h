// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace errand::worker {

/// How many processes the kernel has killed for want of memory, on this machine and in our control group.
/// Only comparisons mean something; 0 where nothing can be read.
[[nodiscard]] std::uint64_t count_oom_kills();

}  // namespace errand::worker
