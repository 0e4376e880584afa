// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#if !defined(__x86_64__) && !defined(__i386__) && !defined(__aarch64__)
#include "system/clock.h"
#endif

namespace errand::worker {

/// The processor's own count of time, in no particular unit: a few nanoseconds a reading, where the clock
/// takes longer than a small task.
[[nodiscard]] inline std::uint64_t read_ticks() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
  std::uint64_t count = 0;
  asm volatile("mrs %0, cntvct_el0" : "=r"(count));
  return count;
#else
  return static_cast<std::uint64_t>(system::system_clock().monotonic_ns());
#endif
}

}  // namespace errand::worker
