// SPDX-License-Identifier: Apache-2.0
#include "system/directory_snapshot.h"

namespace errand::system {

void append_changes(const std::string& directory, const DirectorySnapshot& before,
                    const DirectorySnapshot& after, std::vector<Change>& changes) {
  for (const auto& [name, entry] : before.entries) {
    if (!after.entries.contains(name)) changes.push_back({Change::Kind::removed, directory, name});
  }
  for (const auto& [name, entry] : after.entries) {
    const auto old = before.entries.find(name);
    if (old == before.entries.end()) {
      changes.push_back({Change::Kind::created, directory, name});
    } else if (old->second.inode != entry.inode) {
      changes.push_back({Change::Kind::moved_in, directory, name});
    } else if (old->second != entry) {
      changes.push_back({Change::Kind::modified, directory, name});
    }
  }
  if (before.present && !after.present) changes.push_back({Change::Kind::removed, directory, {}});
}

}  // namespace errand::system
