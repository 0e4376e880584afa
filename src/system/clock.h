// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace errand::system {

/// Time, as an interface so that tests can set it.
class Clock {
 public:
  virtual ~Clock() = default;
  /// UTC, nanoseconds since 1970. May jump when somebody sets the clock.
  [[nodiscard]] virtual std::int64_t now_ns() const = 0;
  /// Nanoseconds since some moment of this boot; never goes back.
  [[nodiscard]] virtual std::int64_t monotonic_ns() const = 0;
};

[[nodiscard]] const Clock& system_clock();

/// A clock that stands until it is moved.
class ManualClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t now_ns() const override { return now; }
  [[nodiscard]] std::int64_t monotonic_ns() const override { return monotonic; }
  std::int64_t now = 0;
  std::int64_t monotonic = 0;
};

}  // namespace errand::system
