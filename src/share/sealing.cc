// SPDX-License-Identifier: Apache-2.0
#include "share/sealing.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "status/status.h"
#include "system/try.h"

namespace errand::share {
namespace {

Seal make_seal(const Manifest& manifest, const StatusReport& report, std::uint32_t requests,
               std::int64_t now_ns) {
  Seal seal;
  seal.report = report;
  seal.requests = requests;
  seal.created_ns = manifest.created_ns;
  seal.sealed_ns = now_ns;
  seal.context_hash = context_hash(manifest.context);
  seal.function = manifest.function;
  seal.engine = manifest.context.engine;
  seal.host = manifest.submitter.host;
  seal.user = manifest.user;
  return seal;
}

}  // namespace

std::uint64_t context_hash(const ComputeContext& context) {
  Manifest only_context;
  only_context.context = context;
  std::string bytes = encode(only_context);
  return XXH3_64bits(bytes.data(), bytes.size());
}

void add_counts(status::Evidence& evidence, const OutcomeIndex& index) {
  const auto& counts = index.counts();
  evidence.values = counts.values;
  evidence.errors = counts.errors;
  evidence.given_up = counts.given_up;
  evidence.durable = counts.durable;
  evidence.to_run_again = index.voided();
  if (auto failure = index.first_failure()) {
    evidence.first_failure = status::FirstFailure{failure->task, failure->message};
  }
}

Result<void> write_seal(JobDirectory& job, const StatusReport& report) {
  if (!is_settled(report.status) || report.status == JobStatus::missing) return {};
  TRY(const Manifest* manifest, job.manifest());
  TRY_VOID(job.write_seal(make_seal(*manifest, report, job.requests(), job.place().clock().now_ns())));
  job.place().clear_active(job.id());
  return {};
}

Result<void> settle_cancel(JobDirectory& job) {
  TRY(TaskSource * tasks, job.tasks());
  OutcomeIndex index(job);
  TRY_VOID(index.refresh(tasks->total()));
  const auto& counts = index.counts();
  Verdict verdict;
  verdict.time_ns = job.place().clock().now_ns();
  verdict.user = tasks->manifest().user;
  verdict.request = job.requests();
  verdict.succeeded = counts.values;
  verdict.failed = counts.errors + counts.given_up;
  verdict.total = tasks->total();
  verdict.canceled = !tasks->closed() || counts.all() < tasks->total();
  if (verdict.canceled) return record_canceled(job, verdict);
  TRY_VOID(job.write_verdict(verdict));
  status::Evidence evidence;
  evidence.total = tasks->total();
  evidence.continue_on_failure = tasks->manifest().continue_on_failure;
  add_counts(evidence, index);
  return write_seal(job, status::compute_status(evidence, {}));
}

Result<void> record_canceled(JobDirectory& job, const Verdict& verdict) {
  TRY_VOID(job.write_verdict(verdict));
  status::Evidence evidence;
  evidence.verdict_canceled = true;
  evidence.total = verdict.total;
  evidence.values = verdict.succeeded;
  evidence.errors = verdict.failed;
  StatusReport report = status::compute_status(evidence, {});
  if (job.has(JobFileName::Kind::job)) TRY_VOID(write_seal(job, report));
  for (const JobFileName& name : std::vector<JobFileName>(job.names())) {
    bool kept = name.kind == JobFileName::Kind::verdict || name.kind == JobFileName::Kind::seal ||
                name.kind == JobFileName::Kind::request;
    if (!kept) (void)job.place().files().remove(job.path() + "/" + to_name(name));
  }
  job.place().clear_active(job.id());
  return job.refresh();
}

}  // namespace errand::share
