// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "system/files.h"

namespace errand::system {

/// What a directory looked like: names with what tells a changed file from an unchanged one. The part of
/// a looking Watch that both implementations of Files share.
struct DirectorySnapshot {
  struct Entry {
    std::uint64_t size = 0;
    std::uint64_t inode = 0;
    std::int64_t modified_ns = 0;
    bool operator==(const Entry&) const = default;
  };
  bool present = false;
  std::map<std::string, Entry> entries;
};

/// Appends what differs. A directory that went gives `removed` with an empty name.
void append_changes(const std::string& directory, const DirectorySnapshot& before,
                    const DirectorySnapshot& after, std::vector<Change>& changes);

}  // namespace errand::system
