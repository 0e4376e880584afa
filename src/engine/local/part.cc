// SPDX-License-Identifier: Apache-2.0
#include "engine/local/part.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "engine/local/running_job.h"
#include "share/sealing.h"
#include "status/status.h"
#include "system/try.h"

/// A job of which we own a part only: other elements of its array own the rest.
namespace errand::engine::local {
namespace {

bool is_settled_here(JobStatus status) {
  return status == JobStatus::finished || status == JobStatus::failed;
}

}  // namespace

Result<void> RunningJob::take_part(const Part& part) {
  TRY(share::SubmissionRecord record, directory_->submission(part.submission));
  if (part.element >= record.elements) {
    return Error{
        ErrorCode::invalid_argument,
        "submission " + std::to_string(part.submission) + " has no element " + std::to_string(part.element),
        false, "", 0};
  }
  in_allocation_ = true;
  allocation_environment_ = part.environment;
  exact_ = false;
  first_submission_ = part.submission == 1;
  chunk_ = record.first_chunk + part.element;
  if (!record.open_ended) own_tasks_ = share::tasks_of(record, part.element);
  return {};
}

bool RunningJob::is_mine(std::uint64_t task) const {
  if (!own_tasks_) return true;
  return std::any_of(own_tasks_->begin(), own_tasks_->end(),
                     [task](const auto& run) { return task >= run.first && task < run.second; });
}

void RunningJob::queue_all() {
  queued_total_ = tasks_->total();
  if (!own_tasks_) return queue.add({0, queued_total_, 0});
  for (auto [first, last] : *own_tasks_) queue.add({first, last - first, 0});
}

/// What other elements, and a newer owner of our own chunk, have done.
Result<void> RunningJob::look_around() {
  bool stop = directory_->generation(chunk_) > generation_;
  for (const share::WorkerKey& key : directory_->logs()) {
    if (stop || manifest().continue_on_failure) break;
    auto progress = directory_->progress(key);
    stop = progress && progress->failed > 0;
  }
  if (!stop) return {};
  stopping_ = true;
  queue.clear();
  return {};
}

/// Whoever ends last seals the job. A cancel's verdict is left to who asked for it: only the scheduler knows
/// when all elements have ended.
Result<void> RunningJob::settle_part() {
  if (canceling_) return {};
  TRY_VOID(directory_->refresh_from_server());
  std::uint64_t done = 0;
  for (const share::WorkerKey& key : directory_->logs()) {
    auto progress = directory_->progress(key);
    if (progress) done += progress->succeeded + progress->failed;
    if (key.worker == 0) done = tasks_->total();  // an owner has ended tasks itself: only the logs tell
  }
  if (done < tasks_->total()) return {};
  share::OutcomeIndex index(*directory_);
  TRY_VOID(index.refresh(tasks_->total()));
  status::Evidence evidence;
  evidence.total = tasks_->total();
  evidence.closed = tasks_->closed();
  evidence.continue_on_failure = manifest().continue_on_failure;
  evidence.worker_log_exists = true;
  share::add_counts(evidence, index);
  const StatusReport report = status::compute_status(evidence, {});
  return is_settled_here(report.status) ? share::write_seal(*directory_, report) : Result<void>();
}

}  // namespace errand::engine::local
