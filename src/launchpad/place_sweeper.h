// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <set>
#include <string>

#include "database/target.h"

namespace errand::launchpad {

/// What a submitter who only fetches leaves in the database, and no clean-up ever removes: tombstones that
/// are too old, programs that no job links to, what a client that died had begun to submit. Once an hour it
/// is removed by a process of its own, with a session of its own, while the launchpad goes on; one thread
/// must be all there is when `tend` is called. It dies with the launchpad.
class PlaceSweeper {
 public:
  PlaceSweeper(database::Target target, std::int64_t now_ns);
  PlaceSweeper(const PlaceSweeper&) = delete;
  PlaceSweeper& operator=(const PlaceSweeper&) = delete;
  ~PlaceSweeper();

  /// The next sweep is of this submitter's place, too.
  void serves(const std::string& owner) { owners_.insert(owner); }
  /// Begins the sweep that is due, if any; times are monotonic. A place that cannot be swept waits until its
  /// submitter is served again.
  void tend(std::int64_t now_ns);
  [[nodiscard]] bool is_sweeping();

 private:
  const database::Target target_;
  std::int64_t due_ns_;
  std::set<std::string> owners_;
  pid_t child_ = 0;
};

}  // namespace errand::launchpad
