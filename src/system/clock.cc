// SPDX-License-Identifier: Apache-2.0
#include "system/clock.h"

#include <ctime>

namespace errand::system {
namespace {

std::int64_t read_clock(clockid_t id) {
  timespec time{};
  clock_gettime(id, &time);
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

class SystemClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t now_ns() const override { return read_clock(CLOCK_REALTIME); }
  [[nodiscard]] std::int64_t monotonic_ns() const override { return read_clock(CLOCK_MONOTONIC); }
};

}  // namespace

const Clock& system_clock() {
  // Never destroyed: a task may call exit(), and the worker's second thread goes on until the process is
  // gone.
  static const Clock& clock = *new SystemClock;
  return clock;
}

}  // namespace errand::system
