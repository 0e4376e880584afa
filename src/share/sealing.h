// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "errand/error.h"
#include "share/job_directory.h"
#include "share/outcome_index.h"
#include "status/evidence.h"

/// Settling a job on disk: what the agent and the verbs that write share.
namespace errand::share {

/// Fills what a full reading of the logs shows: counts, durability, the first failure.
void add_counts(status::Evidence& evidence, const OutcomeIndex& index);

/// Seals a job with this report (nothing happens unless it is settled) and takes it off the active list.
[[nodiscard]] Result<void> write_seal(JobDirectory& job, const StatusReport& report);

/// Records durably that the job is canceled, and only then removes results, output, function and
/// arguments. A second call completes an interrupted one. Nothing of the job may run any more.
[[nodiscard]] Result<void> record_canceled(JobDirectory& job, const Verdict& verdict);

/// Answers the pending cancel of a job of which nothing runs or waits any more: too late if every task has
/// its outcome, else canceled.
[[nodiscard]] Result<void> settle_cancel(JobDirectory& job);

/// A number that differs when any field of the context differs (short of a 64-bit collision).
[[nodiscard]] std::uint64_t context_hash(const ComputeContext& context);

}  // namespace errand::share
