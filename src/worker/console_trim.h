// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "system/files.h"

namespace errand::worker {

/// Keeps one task's console text on disk within its limit: the blocks between its first and its last half
/// are given back. The file's length does not change; readers cut by the same rule.
class ConsoleTrim {
 public:
  explicit ConsoleTrim(std::uint64_t limit = 0) : limit_(limit) {}

  /// `begin`: where the task's text begins; `end`: where it ends by now. True if it is over the limit.
  bool trim(system::File& file, std::uint64_t begin, std::uint64_t end);

 private:
  std::uint64_t limit_;
  std::uint64_t begin_ = 0;
  std::uint64_t punched_to_ = 0;
};

}  // namespace errand::worker
