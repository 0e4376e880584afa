// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pthread.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "errand/error.h"
#include "journal/log_writer.h"
#include "journal/outcome.h"
#include "share/names.h"
#include "share/progress_page.h"
#include "system/files.h"

namespace errand::worker {

/// A worker's log with its rules for when outcomes are recorded and when they are durable.
///
/// Outcomes are written when a task ends and the last write is 10 ms old or 64 KiB wait, and at the end of
/// a range. A second thread, started when a task begins while outcomes wait, writes them when they are 10 ms
/// old and makes them durable once a second, so that a long task never holds its predecessors back.
///
/// The methods are for one thread, the worker's. After an error (the same from every method from then on)
/// the outcomes that were not recorded are lost.
class OutcomeLog {
 public:
  static constexpr std::int64_t sync_every_ns = 1'000'000'000;

  /// `job_path`: the job's directory; `page`: gets the counts.
  OutcomeLog(system::Files& files, std::string job_path, const share::WorkerKey& key,
             std::shared_ptr<share::ProgressPage> page);
  ~OutcomeLog();
  OutcomeLog(const OutcomeLog&) = delete;
  OutcomeLog& operator=(const OutcomeLog&) = delete;

  /// Creates the file. Errors: exists, no_space, place_unwritable.
  Result<void> create(const std::string& job_id);

  /// A task is about to run. True if that may have taken its time.
  bool begin_task() {
    if (!unflushed_ || !flusher_rests_.load(std::memory_order_relaxed)) return false;
    wake_flusher();
    return true;
  }
  /// A task has ended at `now_ns` (monotonic). A stored value is in the values file. True if the call may
  /// have taken its time: it wrote, or waited for the other thread.
  Result<bool> record(const journal::Outcome& outcome, std::int64_t now_ns);

  /// Everything so far is recorded when this returns.
  Result<void> flush();
  /// Everything so far is durable when this returns, values included.
  Result<void> sync();
  /// The same, and the second thread has ended: nothing must follow.
  Result<void> close();

 private:
  Result<void> flush_locked();
  Result<void> sync_locked();
  Result<void> sync_all();
  Result<void> sync_values();
  Result<void> sync_names();
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_ ? failure_ : log_->failure(); }
  void sync_ahead(std::unique_lock<std::mutex>& lock);

  void wake_flusher();
  bool start_flusher();
  void stop_flusher();
  static void* flusher_main(void* self);
  void run_flusher();
  [[nodiscard]] std::int64_t next_flusher_work() const;

  system::Files& files_;
  const std::string job_path_;
  const share::WorkerKey key_;
  const std::shared_ptr<share::ProgressPage> page_;

  std::mutex mutex_;  ///< guards all below but unflushed_ and flusher_
  std::condition_variable changed_;
  std::optional<journal::LogWriter> log_;
  std::optional<Error> failure_;  ///< beside the writer's own: a failed fsync proves nothing when repeated
  std::unique_ptr<system::File> values_;  ///< for syncing only; opened when first needed
  std::uint64_t succeeded_ = 0;
  std::uint64_t failed_ = 0;
  std::int64_t last_sync_ns_ = 0;
  bool values_waiting_ = false;  ///< values that the log refers to are not yet durable
  bool directory_durable_ = false;
  bool ending_ = false;

  bool unflushed_ = false;  ///< as the worker's thread last saw it
  std::optional<pthread_t> flusher_;
  std::atomic<bool> flusher_rests_ = true;  ///< it is not there, or has no reason to wake within 10 ms
};

}  // namespace errand::worker
