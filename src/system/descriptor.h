// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

namespace errand::system {

/// Owns a file descriptor and closes it.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { reset(); }

  [[nodiscard]] int get() const noexcept { return number_; }
  explicit operator bool() const noexcept { return number_ >= 0; }
  void reset() noexcept;
  /// Gives the number up: whoever asked closes it.
  [[nodiscard]] int release() noexcept { return std::exchange(number_, -1); }

 private:
  int number_ = -1;
};

/// Descriptors we keep have this number or a higher one: user code closes and reopens 0 to 2 (and, in
/// some programs, everything below 64) as if nobody else lived there.
inline constexpr int lowest_kept_descriptor = 100;

/// Moves a descriptor up to lowest_kept_descriptor, close-on-exec. Where the limit of open files forbids
/// it, the descriptor stays what it is. Leaves errno alone.
[[nodiscard]] Descriptor keep_high(Descriptor low) noexcept;

/// The same for a descriptor that is closed again before the caller returns: only 0 to 2 are left.
[[nodiscard]] Descriptor keep_off_standard(Descriptor low) noexcept;

}  // namespace errand::system
