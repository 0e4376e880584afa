// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "journal/outcome.h"

namespace errand::worker {

/// What a task used, children included. Asking the kernel costs more than a small task takes, so only
/// tasks of a millisecond and more are measured, from the last reading before them; mark() keeps that one
/// recent. Peak memory is this process's so far.
class UsageMeter {
 public:
  static constexpr std::int64_t smallest_ns = 1'000'000;

  UsageMeter() { mark(); }
  /// Takes a reading: called about every 10 ms while tasks are small.
  void mark();
  /// For the task that has just ended.
  std::optional<journal::Usage> measure(std::int64_t elapsed_ns);

 private:
  std::int64_t user_us_ = 0;
  std::int64_t system_us_ = 0;
};

}  // namespace errand::worker
