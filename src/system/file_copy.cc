// SPDX-License-Identifier: Apache-2.0
#include "system/file_copy.h"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>

#include "system/posix_file.h"

namespace errand::system {
namespace {

// Moves both positions as far as it gets; what is left is for copy_through_memory, and so are errors:
// which ones mean "not between these two" differs from kernel to kernel.
void copy_in_kernel(int from, int to) noexcept {
  constexpr std::size_t piece = std::size_t{1} << 30;
  for (;;) {
    const ssize_t copied = copy_file_range(from, nullptr, to, nullptr, piece, 0);
    if (copied == 0 || (copied < 0 && errno != EINTR)) return;
  }
}

bool copy_through_memory(int from, int to) noexcept {
  std::array<std::byte, 64 * 1024> buffer;
  for (;;) {
    const ssize_t got = read(from, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    if (got == 0) return true;
    if (!write_fully(to, {buffer.data(), static_cast<std::size_t>(got)})) return false;
  }
}

}  // namespace

bool copy_content(int from, int to) noexcept {
  if (ioctl(to, FICLONE, from) == 0) return true;
  copy_in_kernel(from, to);
  return copy_through_memory(from, to);
}

}  // namespace errand::system
