// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace errand::system {

/// The whole content of one open file into another, empty one, both at position 0: shares the blocks
/// where the file system can, else copies inside the kernel, else through memory. False with errno.
[[nodiscard]] bool copy_content(int from, int to) noexcept;

}  // namespace errand::system
