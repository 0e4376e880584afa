// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "system/files.h"

namespace errand::system {

class MemoryFiles;
class MemoryTree;

/// Events of a tree in memory, queued until the view they belong to may see them.
class MemoryWatch {
 public:
  explicit MemoryWatch(std::shared_ptr<MemoryFiles> view);

  Result<void> add(const std::string& directory);
  void remove(const std::string& directory);
  Result<std::vector<Change>> wait(std::optional<std::chrono::milliseconds> timeout);

 private:
  friend class MemoryTree;
  // With the tree's lock held.
  void take(std::uint64_t inode, Change::Kind kind, const std::string& name);
  void overflow();
  [[nodiscard]] std::vector<Change> deliver();

  struct Event {
    std::uint64_t sequence;  ///< of the view's refresh that shows it
    Change change;
  };

  std::shared_ptr<MemoryFiles> view_;
  std::map<std::string, std::uint64_t> directories_;  ///< inode by name as given
  std::vector<Event> queue_;
};

}  // namespace errand::system
