// SPDX-License-Identifier: Apache-2.0
#include "system/descriptor.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace errand::system {
namespace {

Descriptor move_to(Descriptor low, int lowest) noexcept {
  if (!low || low.get() >= lowest) return low;
  const int saved = errno;
  Descriptor high(fcntl(low.get(), F_DUPFD_CLOEXEC, lowest));
  if (high) std::swap(low, high);
  high.reset();
  errno = saved;
  return low;
}

}  // namespace

void Descriptor::reset() noexcept {
  // Not repeated after EINTR: Linux has released the number by then.
  if (number_ >= 0) ::close(std::exchange(number_, -1));
}

Descriptor keep_high(Descriptor low) noexcept {
  return move_to(std::move(low), lowest_kept_descriptor);
}

Descriptor keep_off_standard(Descriptor low) noexcept {
  return low.get() > STDERR_FILENO ? std::move(low) : move_to(std::move(low), lowest_kept_descriptor);
}

}  // namespace errand::system
