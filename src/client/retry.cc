// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "client/find_job.h"
#include "client/job_report.h"
#include "client/request.h"
#include "errand/job.h"
#include "system/try.h"

namespace errand::client {
namespace {

using Runs = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

Error cannot_retry(const share::JobDirectory& job, const StatusReport& status) {
  bool settled = is_settled(status.status);
  return {ErrorCode::invalid_argument, "job " + job.id() + " cannot be retried: " + status.reason, !settled,
          settled ? "submit it again" : "wait until it has ended, or cancel it", 0};
}

/// Tasks without a value, and the attempt number that is higher than any they had.
struct Again {
  Runs tasks;
  std::uint64_t count = 0;
  std::uint32_t first_attempt = 1;

  void add(std::uint64_t task) {
    if (!tasks.empty() && tasks.back().second == task) {
      ++tasks.back().second;
    } else {
      tasks.emplace_back(task, task + 1);
    }
    ++count;
  }
};

Again without_value(const share::OutcomeIndex& index, std::uint64_t total) {
  Again again;
  for (std::uint64_t task = 0; task < total; ++task) {
    auto found = index.find(task);
    if (found && found->outcome.cause == FailureCause::none) continue;
    again.add(task);
    std::uint32_t last = found ? found->outcome.attempt : index.first_attempt(task);
    again.first_attempt = std::max(again.first_attempt, last + 1);
  }
  for (const auto& [task, lost] : index.lost_starts()) {
    again.first_attempt = std::max(again.first_attempt, lost.next_attempt);
  }
  return again;
}

Result<RetryReport> retry(share::JobDirectory& job) {
  JobReport before = report_of(job);
  bool ended = before.status.status == JobStatus::finished || before.status.status == JobStatus::failed;
  if (before.status.status == JobStatus::missing) return job_missing(job.place(), job.id());
  if (!ended) return cannot_retry(job, before.status);
  TRY(share::TaskSource * tasks, content_of(job));
  share::OutcomeIndex index(job);
  TRY_VOID(index.refresh(tasks->total()));
  Again again = without_value(index, tasks->total());
  if (again.count == 0) return RetryReport{0, "every task has a value: nothing to run again"};
  TRY(engine::Engine * engine, engine_of(job));
  TRY_VOID(engine->prepare(job.place(), tasks->manifest().context));
  share::Request request = make_request(job, share::Request::Kind::retry);
  request.tasks = std::move(again.tasks);
  request.first_attempt = again.first_attempt;
  // Marked active first: a listing trusts the seal of a job that is not.
  TRY_VOID(job.place().ring(job.id()));
  TRY_VOID(job.add_request(request));
  (void)job.place().files().remove(job.path() + "/seal");  // void from here on; only spares readers a look
  TRY_VOID(job.place().ring(job.id()));                    // whoever heard the first one found nothing to do
  TRY_VOID(engine->submit(job.place(), job.id()));
  return RetryReport{again.count, std::to_string(again.count) +
                                      (again.count == 1 ? " task runs again" : " tasks run again")};
}

}  // namespace
}  // namespace errand::client

namespace errand {

Result<RetryReport> retry_job(const JobRef& named) {
  auto job = client::open_job(named, true);
  if (!job && job.error().code == ErrorCode::job_missing) {
    Error missing = std::move(job).error();
    missing.code = ErrorCode::invalid_argument;
    return missing;
  }
  if (!job) return std::move(job).error();
  return client::retry(**job);
}

}  // namespace errand
