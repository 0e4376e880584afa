// SPDX-License-Identifier: Apache-2.0
#include "worker/outcome_log.h"

#include <utility>

#include "system/clock.h"
#include "system/try.h"
#include "worker/patient_file.h"

namespace errand::worker {

OutcomeLog::OutcomeLog(system::Files& files, std::string job_path, const share::WorkerKey& key,
                       std::shared_ptr<share::ProgressPage> page)
    : files_(files), job_path_(std::move(job_path)), key_(key), page_(std::move(page)) {}

OutcomeLog::~OutcomeLog() {
  stop_flusher();
}

Result<void> OutcomeLog::create(const std::string& job_id) {
  TRY(auto file, files_.create(job_path_ + "/" + share::log_name(key_)));
  log_.emplace(std::make_unique<PatientFile>(std::move(file)));
  journal::FileHeader header;
  header.kind = "log";
  header.job = job_id;
  header.chunk = key_.chunk;
  header.generation = key_.generation;
  header.worker = key_.worker;
  log_->add_file_header(header);
  last_sync_ns_ = system::system_clock().monotonic_ns();
  return {};
}

Result<bool> OutcomeLog::record(const journal::Outcome& outcome, std::int64_t now_ns) {
  std::unique_lock lock(mutex_, std::try_to_lock);
  bool waited = !lock.owns_lock();
  if (waited) lock.lock();
  log_->add(outcome);
  ++(outcome.cause == FailureCause::none ? succeeded_ : failed_);
  values_waiting_ = values_waiting_ || outcome.stored;
  unflushed_ = true;
  if (failure()) return *failure();
  if (!log_->flush_due(now_ns)) return waited;
  TRY_VOID(flush_locked());
  unflushed_ = false;
  return true;
}

Result<void> OutcomeLog::flush() {
  std::lock_guard lock(mutex_);
  TRY_VOID(flush_locked());
  unflushed_ = false;
  return {};
}

Result<void> OutcomeLog::sync() {
  std::lock_guard lock(mutex_);
  TRY_VOID(sync_locked());
  unflushed_ = false;
  return {};
}

Result<void> OutcomeLog::close() {
  stop_flusher();
  return sync();
}

Result<void> OutcomeLog::flush_locked() {
  if (failure_) return *failure_;
  TRY_VOID(log_->flush());
  page_->succeeded.store(succeeded_, std::memory_order_relaxed);
  page_->failed.store(failed_, std::memory_order_relaxed);
  return {};
}

Result<void> OutcomeLog::sync_values() {
  if (!values_waiting_) return {};
  if (!values_) {
    TRY(values_, files_.open_read(job_path_ + "/" + share::values_name(key_)));
  }
  values_waiting_ = false;
  return values_->sync();
}

// Behind the log's own fsync: a journaling file system has brought the names to disk with the new file, and
// this costs little then. Before it they would cost a commit of their own.
Result<void> OutcomeLog::sync_names() {
  if (directory_durable_) return {};
  TRY_VOID(files_.sync_directory(job_path_));
  directory_durable_ = true;
  return {};
}

Result<void> OutcomeLog::sync_locked() {
  if (failure_) return *failure_;
  if (auto synced = sync_all(); !synced) {
    failure_ = std::move(synced).error();
    return *failure_;
  }
  last_sync_ns_ = system::system_clock().monotonic_ns();
  return {};
}

Result<void> OutcomeLog::sync_all() {
  // The mark in the log speaks for the values and for the files' names as well.
  TRY_VOID(sync_values());
  TRY_VOID(log_->sync([this] { return sync_names(); }));
  page_->succeeded.store(succeeded_, std::memory_order_relaxed);
  page_->failed.store(failed_, std::memory_order_relaxed);
  page_->durable.store(succeeded_ + failed_, std::memory_order_relaxed);
  return {};
}

}  // namespace errand::worker
