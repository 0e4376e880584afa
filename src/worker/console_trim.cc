// SPDX-License-Identifier: Apache-2.0
#include "worker/console_trim.h"

#include <algorithm>

namespace errand::worker {
namespace {

/// Less than a block is not given back.
constexpr std::uint64_t block = 4096;

}  // namespace

bool ConsoleTrim::trim(system::File& file, std::uint64_t begin, std::uint64_t end) {
  if (limit_ == 0 || end <= begin || end - begin <= limit_) return false;
  if (begin != begin_) punched_to_ = 0;
  begin_ = begin;
  std::uint64_t head_end = begin + limit_ / 2;
  std::uint64_t tail_begin = end - limit_ / 2;
  std::uint64_t from = (std::max(head_end, punched_to_) + block - 1) / block * block;
  std::uint64_t to = tail_begin / block * block;
  if (from >= to) return true;
  // Where the file system cannot do it the text stays: it is only longer than asked.
  (void)file.punch_hole(from, to - from);
  punched_to_ = to;
  return true;
}

}  // namespace errand::worker
