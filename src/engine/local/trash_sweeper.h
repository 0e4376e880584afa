// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "share/place.h"

namespace errand::engine::local {

/// Unlinks removed jobs in a thread of its own: their readers do not wait for it, nor does the agent, which
/// would start nothing meanwhile. Freeing a gigabyte takes a tenth of a second.
class TrashSweeper {
 public:
  explicit TrashSweeper(std::shared_ptr<share::Place> place) : place_(std::move(place)) {}
  /// Waits for what it is unlinking.
  ~TrashSweeper();
  TrashSweeper(const TrashSweeper&) = delete;
  TrashSweeper& operator=(const TrashSweeper&) = delete;

  /// What lies in the trash now will be unlinked. The first call starts the thread.
  void wake();

 private:
  void run();

  std::shared_ptr<share::Place> place_;
  std::mutex mutex_;  ///< guards asked_ and ending_
  std::condition_variable changed_;
  bool asked_ = false;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace errand::engine::local
