// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "engine/local/running_job.h"
#include "share/sealing.h"
#include "status/status.h"
#include "system/try.h"

/// The end of a job: its seal, or the verdict of a cancel.
namespace errand::engine::local {

Result<void> RunningJob::settle() {
  if (own_log_) TRY_VOID(own_log_->sync());
  if (in_allocation_) return settle_part();
  if (exact_ && failures_ == 0 && values_ == tasks_->total()) return seal(nullptr);
  share::OutcomeIndex index(*directory_);
  TRY_VOID(index.refresh(tasks_->total()));
  if (canceling_) return settle_canceled(index);
  return seal(&index);
}

Result<void> RunningJob::settle_canceled(share::OutcomeIndex& index) {
  const auto& counts = index.counts();
  share::Verdict verdict;
  verdict.time_ns = place_->clock().now_ns();
  verdict.user = manifest().user;
  verdict.request = directory_->requests();
  verdict.succeeded = counts.values;
  verdict.failed = counts.errors + counts.given_up;
  verdict.total = tasks_->total();
  verdict.canceled = !tasks_->closed() || counts.all() < tasks_->total();
  if (!verdict.canceled) {
    TRY_VOID(directory_->write_verdict(verdict));
    return seal(&index);
  }
  return share::record_canceled(*directory_, verdict);
}

Result<void> RunningJob::seal(share::OutcomeIndex* index) {
  status::Evidence evidence;
  evidence.total = tasks_->total();
  evidence.closed = tasks_->closed();
  evidence.continue_on_failure = manifest().continue_on_failure;
  evidence.worker_log_exists = true;
  if (index != nullptr) {
    share::add_counts(evidence, *index);
  } else {
    evidence.values = evidence.durable = values_;
  }
  return share::write_seal(*directory_, status::compute_status(evidence, {}));
}

}  // namespace errand::engine::local
