// SPDX-License-Identifier: Apache-2.0
#include "database/read_ahead.h"

#include <algorithm>
#include <utility>

namespace errand::database {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// As long as a slow answer might have taken to arrive.
constexpr std::chrono::milliseconds lifetime{10};

/// The block's row; nothing of a file with a hole, or whose bytes were not sent.
struct Block {
  std::string_view file;
  std::uint64_t start = 0;
  std::int64_t modified_us = 0;
  std::optional<std::string_view> data;
};

Block block_of(const Rows& rows, std::size_t row) {
  Block block{rows.text(row, 0), static_cast<std::uint64_t>(rows.number(row, 1)), rows.number(row, 2), {}};
  if (!rows.is_null(row, 3)) block.data = rows.text(row, 3);
  return block;
}

}  // namespace

void ReadAhead::keep(const std::string& directory, const Rows& blocks, std::uint64_t asked) {
  std::map<std::string, Content> files;
  for (std::size_t row = 0; row < blocks.count();) {
    const std::string name(blocks.text(row, 0));
    Content content;
    bool whole = true;
    for (; row < blocks.count() && blocks.text(row, 0) == name; ++row) {
      const Block block = block_of(blocks, row);
      whole = whole && block.data && block.start == content.bytes.size();
      if (whole) content.bytes += *block.data;
      content.modified_us = std::max(content.modified_us, block.modified_us);
    }
    if (whole) files.emplace(name, std::move(content));
  }
  const std::lock_guard lock(mutex_);
  directory_ = directory;
  files_ = std::move(files);
  asked_ = asked;
  kept_ = SteadyClock::now();
}

std::optional<ReadAhead::Content> ReadAhead::take(const std::string& directory, const std::string& file,
                                                  std::uint64_t asked) {
  const std::lock_guard lock(mutex_);
  if (directory != directory_ || asked != asked_ || SteadyClock::now() - kept_ > lifetime)
    return std::nullopt;
  auto found = files_.find(file);
  if (found == files_.end()) return std::nullopt;
  std::optional<Content> content(std::move(found->second));
  files_.erase(found);
  return content;
}

}  // namespace errand::database
