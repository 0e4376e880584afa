// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <limits>

#include "system/clock.h"
#include "worker/outcome_log.h"

/// The second thread of an OutcomeLog.
namespace errand::worker {
namespace {

/// Small, because a task's memory limit counts it.
constexpr std::size_t flusher_stack = std::size_t{256} << 10;
constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

std::int64_t monotonic_now() {
  return system::system_clock().monotonic_ns();
}

}  // namespace

void OutcomeLog::wake_flusher() {
  std::unique_lock lock(mutex_);
  flusher_rests_ = false;
  if (flusher_) {
    changed_.notify_one();
    return;
  }
  lock.unlock();
  if (!start_flusher()) (void)flush();  // without the thread nothing may wait behind a task
}

bool OutcomeLog::start_flusher() {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, flusher_stack);
  // Signals are the task's.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread{};
  bool started = pthread_create(&thread, &attributes, flusher_main, this) == 0;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  if (started) flusher_ = thread;
  flusher_rests_ = !started;
  return started;
}

void OutcomeLog::stop_flusher() {
  if (!flusher_) return;
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
    changed_.notify_one();
  }
  pthread_join(*flusher_, nullptr);
  flusher_.reset();
}

void* OutcomeLog::flusher_main(void* self) {
  static_cast<OutcomeLog*>(self)->run_flusher();
  return nullptr;
}

std::int64_t OutcomeLog::next_flusher_work() const {
  if (failure()) return never;
  std::int64_t flush_at =
      log_->bytes_waiting() != 0 ? log_->last_flush_ns() + journal::LogWriter::flush_age_ns : never;
  bool unsynced = log_->bytes_waiting() != 0 || log_->sync_due();
  return std::min(flush_at, unsynced ? last_sync_ns_ + sync_every_ns : never);
}

void OutcomeLog::run_flusher() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    std::int64_t due = next_flusher_work();
    std::int64_t now = monotonic_now();
    if (now < due) {
      flusher_rests_ = log_->bytes_waiting() == 0;
      if (due == never) {
        changed_.wait(lock);
      } else {
        changed_.wait_for(lock, std::chrono::nanoseconds(due - now));
      }
      continue;
    }
    if (log_->flush_due(now)) (void)flush_locked();
    if (now - last_sync_ns_ >= sync_every_ns) {
      sync_ahead(lock);
      (void)sync_locked();
    }
  }
}

// Most of the waiting for the disk, while the worker's thread can go on recording. What it records
// meanwhile is left to sync_locked.
void OutcomeLog::sync_ahead(std::unique_lock<std::mutex>& lock) {
  if (!flush_locked()) return;
  system::File& log = log_->file();
  lock.unlock();
  auto synced = log.sync();
  lock.lock();
  if (!synced) failure_ = std::move(synced).error();
}

}  // namespace errand::worker
