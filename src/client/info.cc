// SPDX-License-Identifier: Apache-2.0
#include "client/find_job.h"
#include "client/job_report.h"
#include "client/resource_use.h"
#include "client/summary.h"
#include "errand/job.h"
#include "share/names.h"
#include "system/processes.h"
#include "system/try.h"

namespace errand {
namespace {

WorkerInfo worker_of(const share::JobDirectory& job, const share::WorkerKey& key) {
  WorkerInfo worker;
  worker.name = log_name(key);
  auto progress = job.progress(key);
  if (!progress) return worker;
  const system::Processes& processes = system::system_processes();
  worker.host = progress->process.host;
  worker.pid = progress->process.pid;
  worker.alive = !progress->closed && progress->process.same_world(processes.self()) &&
                 processes.is_alive(progress->process);
  worker.done = progress->succeeded;
  worker.failed = progress->failed;
  if (worker.alive) worker.current_task = progress->current_task;
  return worker;
}

}  // namespace

Result<JobInfo> get_job_info(const JobRef& named) {
  TRY(auto job, client::open_job(named));
  client::JobReport report = client::report_as_listed(*job);
  if (report.status.status == JobStatus::missing) return client::job_missing(job->place(), job->id());
  JobInfo info;
  info.summary = client::summary_of(*job, report.status, client::modified_ns_of(*job));
  info.requests = job->requests();
  auto content = client::content_of(*job);
  // Of a canceled job there is only what its seal keeps.
  if (!content && content.error().code == ErrorCode::job_canceled) return info;
  if (!content) return std::move(content).error();
  const share::Manifest* manifest = &(*content)->manifest();
  info.context = manifest->context;
  info.working_directory = manifest->working_directory;
  info.environment = manifest->environment;
  info.seed = manifest->seed;
  info.chunk_size = manifest->chunk_size;
  info.continue_on_failure = manifest->continue_on_failure;
  info.program = manifest->program_path;
  if (!manifest->program_hash.empty()) info.program += " (snapshot " + manifest->program_hash + ")";
  info.signature = manifest->signature;
  for (const share::WorkerKey& key : job->logs()) {
    if (key.worker != 0) info.workers.push_back(worker_of(*job, key));
  }
  info.used = client::resource_use(*job);
  return info;
}

}  // namespace errand
