// SPDX-License-Identifier: Apache-2.0
#include "client/evidence.h"

#include <algorithm>

#include "client/find_job.h"
#include "journal/outcome.h"
#include "journal/record.h"
#include "share/names.h"
#include "share/sealing.h"
#include "system/processes.h"

namespace errand::client {
namespace {

constexpr std::uint64_t owners_log_limit = std::uint64_t{1} << 30;

/// The workers' own sums: right but for what is not flushed, and for what a later generation refused.
struct WorkerSums {
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;
  std::uint64_t durable = 0;
  std::uint64_t running = 0;
  std::uint64_t errors = 0;  ///< of the owner's own log
  std::uint64_t given_up = 0;
  [[nodiscard]] std::uint64_t all() const { return succeeded + failed + errors + given_up; }
};

/// A worker of this machine holds a task if its process exists; of another one, if the engine says that
/// something of the job is alive.
bool holds_a_task(const share::WorkerProgress& worker, const status::EngineReport& engine) {
  if (!worker.current_task || worker.closed) return false;
  static const system::ProcessId self = system::system_processes().self();
  if (worker.process.same_world(self)) return system::system_processes().is_alive(worker.process);
  return engine.alive > 0;
}

/// Tasks that the owner itself ended: given up, canceled, not startable. A short log.
void add_owners_log(share::JobDirectory& job, const share::WorkerKey& key, WorkerSums& sums) {
  auto bytes = job.place().files().read_all(job.path() + "/" + log_name(key), owners_log_limit);
  if (!bytes) return;
  journal::RecordReader reader(std::as_bytes(std::span(*bytes)));
  while (auto record = reader.next()) {
    std::size_t position = 0;
    while (record->type == journal::RecordType::outcomes) {
      auto outcome = journal::read_outcome(record->body, position);
      if (!outcome || !outcome->has_value()) break;
      ++((*outcome)->cause == FailureCause::given_up ? sums.given_up : sums.errors);
      ++sums.durable;
    }
  }
}

WorkerSums sum_of_workers(share::JobDirectory& job, const status::EngineReport& engine) {
  WorkerSums sums;
  for (const share::WorkerKey& key : job.logs()) {
    if (key.worker == 0) {
      add_owners_log(job, key, sums);
      continue;
    }
    auto worker = job.progress(key);
    if (!worker) continue;
    sums.succeeded += worker->succeeded;
    sums.failed += worker->failed;
    sums.durable += worker->durable;
    if (holds_a_task(*worker, engine)) ++sums.running;
  }
  return sums;
}

/// Exact counts from all logs.
void scan(share::JobDirectory& job, Gathered& gathered) {
  status::Evidence& evidence = gathered.evidence;
  auto index = std::make_unique<share::OutcomeIndex>(job);
  if (auto read = index->refresh(evidence.total); !read) {
    if (read.error().code == ErrorCode::job_missing) {
      evidence = absent_job(deletion_of(job.place(), job.id()));
    } else {
      evidence.place_readable = false;
      evidence.place_problem = read.error().message;
    }
    return;
  }
  share::add_counts(evidence, *index);
  gathered.index = std::move(index);
}

void take_worker_counts(const WorkerSums& sums, status::Evidence& evidence) {
  evidence.values = sums.succeeded;
  evidence.errors = sums.failed + sums.errors;
  evidence.given_up = sums.given_up;
  evidence.durable = std::min(sums.durable, sums.all());
}

/// By the file server's clock: the submitter's may disagree with this host's.
std::int64_t since_handed_over(share::JobDirectory& job) {
  const std::uint32_t number = job.submissions();
  const std::string name = number > 0 ? share::submission_name(number) : "job";
  auto info = job.place().files().info(job.path() + "/" + name);
  return info ? job.place().file_time_ns() - info->modified_ns : 0;
}

void take_manifest(const share::Manifest& manifest, status::Evidence& evidence) {
  evidence.continue_on_failure = manifest.continue_on_failure;
  static const system::ProcessId self = system::system_processes().self();
  evidence.submitter_alive =
      manifest.submitter.same_world(self) && system::system_processes().is_alive(manifest.submitter);
}

void take_verdict(const share::Verdict& verdict, status::Evidence& evidence) {
  evidence.verdict_canceled = true;
  evidence.total = verdict.total;
  evidence.values = verdict.succeeded;
  evidence.errors = verdict.failed;
}

}  // namespace

status::Evidence unreadable_place(const Error& error) {
  status::Evidence evidence;
  evidence.place_readable = false;
  evidence.place_problem = error.message;
  return evidence;
}

status::Evidence absent_job(std::string deleted) {
  status::Evidence evidence;
  evidence.exists = false;
  evidence.deleted = std::move(deleted);
  return evidence;
}

Gathered gather(share::JobDirectory& job, const status::EngineReport& engine) {
  Gathered gathered;
  status::Evidence& evidence = gathered.evidence;
  if (auto verdict = job.verdict(); verdict && verdict->canceled) {
    take_verdict(*verdict, evidence);
    return gathered;
  }
  auto extent = job.extent();
  auto manifest = extent ? job.manifest() : Result<const share::Manifest*>(extent.error());
  if (!manifest) {
    bool gone = manifest.error().code == ErrorCode::job_missing;
    evidence = gone ? absent_job(deletion_of(job.place(), job.id())) : unreadable_place(manifest.error());
    return gathered;
  }
  evidence.total = extent->total;
  evidence.closed = extent->closed;
  take_manifest(**manifest, evidence);
  evidence.cancel_requested = job.requests() > 0 && job.cancel_pending();
  // An engine that had to search by name has found no id of its own on disk.
  evidence.engine_id_recorded = engine.search == status::EngineReport::Search::not_asked;
  if (!evidence.engine_id_recorded) evidence.age_ns = since_handed_over(job);
  evidence.worker_log_exists = job.has(share::JobFileName::Kind::log);
  WorkerSums sums = sum_of_workers(job, engine);
  evidence.running_tasks = sums.running;
  bool settled_by_sums = sums.all() >= evidence.total || job.requests() > 0;
  if (settled_by_sums || engine.alive == 0) {
    scan(job, gathered);
  } else {
    take_worker_counts(sums, evidence);
  }
  return gathered;
}

}  // namespace errand::client
