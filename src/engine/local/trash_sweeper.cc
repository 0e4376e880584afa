// SPDX-License-Identifier: Apache-2.0
#include "engine/local/trash_sweeper.h"

#include <csignal>
#include <system_error>

namespace errand::engine::local {

TrashSweeper::~TrashSweeper() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void TrashSweeper::wake() {
  {
    const std::lock_guard lock(mutex_);
    asked_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) return;
  // Signals are for the thread that polls.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error&) {
    place_->empty_trash();  // no thread to be had: late is better than never
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void TrashSweeper::run() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    changed_.wait(lock, [this] { return asked_ || ending_; });
    if (!asked_) return;
    asked_ = false;
    lock.unlock();
    place_->empty_trash();
    lock.lock();
  }
}

}  // namespace errand::engine::local
