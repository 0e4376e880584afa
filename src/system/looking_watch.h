// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "system/directory_snapshot.h"

namespace errand::system {

/// Directories that are compared with how they were at the last look. Remembers when to look next: from
/// 10 ms growing to 1 s, and never more often than four times what a look takes.
class LookingWatch {
 public:
  using Milliseconds = std::chrono::milliseconds;
  static constexpr Milliseconds first_interval{10};
  static constexpr Milliseconds last_interval{1000};

  explicit LookingWatch(int root) : root_(root) {}

  /// Errors as Files::list; a directory that is not there is an error, one that goes later is not.
  Result<void> add(const std::string& directory);
  void remove(const std::string& directory) { seen_.erase(directory); }
  [[nodiscard]] bool empty() const { return seen_.empty(); }
  /// Looks at every directory once, appends what changed, and sets the interval.
  void look(std::vector<Change>& changes);
  /// How long to wait before the next look.
  [[nodiscard]] Milliseconds interval() const { return interval_; }

 private:
  int root_;  ///< the owner's
  std::map<std::string, DirectorySnapshot> seen_;
  Milliseconds interval_ = first_interval;
};

}  // namespace errand::system
