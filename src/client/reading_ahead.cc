// SPDX-License-Identifier: Apache-2.0
#include "client/reading_ahead.h"

#include <algorithm>

namespace errand::client {
namespace {

/// What so many bring along is held in memory.
constexpr std::size_t read_together = 64;

}  // namespace

void ReadingAhead::come_to(std::size_t index) {
  if (index % read_together != 0) return;
  batch_.reset();
  if (directories_.size() == 1) return;  // to list it brings its files along as well
  const auto begin = directories_.begin() + static_cast<std::ptrdiff_t>(index);
  const auto count = std::min(read_together, directories_.size() - index);
  batch_ = files_.read_ahead({begin, begin + static_cast<std::ptrdiff_t>(count)});
}

}  // namespace errand::client
