// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <set>

#include "client/cancel.h"
#include "client/find_job.h"
#include "client/job_report.h"
#include "errand/job.h"
#include "system/try.h"

namespace errand::client {
namespace {

class Cleaner {
 public:
  explicit Cleaner(const CleanupOptions& options) : options_(options) {}

  void clean(const JobRef& named) {
    auto job = open_job(named, true);
    auto done = job ? clean_opened(**job) : Result<void>(job.error());
    if (done) return;
    const Error& error = done.error();
    bool absent = error.code == ErrorCode::job_missing || error.code == ErrorCode::not_found;
    warn(absent ? error.message : named.id() + " was kept: " + error.message, error.hint);
  }

  CleanupReport take_report() {
    for (const auto& place : places_) {
      share::release_unused_programs(*place);
      place->sweep();
    }
    return std::move(report_);
  }

 private:
  void warn(std::string text, const std::string& hint) {
    if (!hint.empty()) text += "; " + hint;
    report_.warnings.push_back(std::move(text));
  }

  Result<void> check_owner(const share::JobDirectory& job) {
    TRY(system::FileInfo info, job.place().files().info(job.path()));
    if (info.owner == geteuid()) return {};
    return Error{ErrorCode::foreign_owner, "it belongs to user " + std::to_string(info.owner), false,
                 "only its owner may remove it", 0};
  }

  Result<void> clean_opened(share::JobDirectory& job) {
    TRY_VOID(check_owner(job));
    JobReport report = report_as_listed(job);
    switch (report.status.status) {
      case JobStatus::failed:
      case JobStatus::canceled:
        return remove(job);
      case JobStatus::missing:
        return job_missing(job.place(), job.id());
      case JobStatus::finished:
        if (options_.force) return remove(job);
        warn(job.id() + " was kept: its results were not fetched with auto_cleanup",
             "get the results with auto_cleanup, or use force to remove it unread");
        return {};
      default:
        if (options_.force) return stop_and_remove(job);
        warn(job.id() + " was kept: it is " + report.status.reason,
             "wait for it, cancel it, or use force to cancel and remove it");
        return {};
    }
  }

  /// A live job is never removed from under a worker.
  Result<void> stop_and_remove(share::JobDirectory& job) {
    auto canceled = cancel(job);
    JobReport report = report_of(job);
    if (report.status.status == JobStatus::missing) return job_missing(job.place(), job.id());
    // Nothing of it runs, and nobody can take it up: its files cannot be read, or the agent failed over them.
    bool given_its_time = canceled || canceled.error().code == ErrorCode::corrupt;
    bool out_of_reach = given_its_time && !report.alive && !report.silent;
    bool nobody_left = is_settled(report.status.status) || report.at_rest || out_of_reach;
    if (nobody_left) return remove(job);
    if (!canceled) return std::move(canceled).error();
    return Error{ErrorCode::engine_unavailable, "it could not be stopped yet: " + report.status.reason, true,
                 "try again when it has ended", 0};
  }

  Result<void> remove(share::JobDirectory& job) {
    auto place = job.shared_place();
    auto told = [this](std::string_view directory) {
      if (options_.removed) options_.removed(directory);
    };
    TRY_VOID(place->remove_job(job.id(), "cleaned up", told));
    places_.insert(place);
    report_.removed.push_back(job.id());
    return {};
  }

  const CleanupOptions& options_;
  CleanupReport report_;
  std::set<std::shared_ptr<share::Place>> places_;
};

}  // namespace
}  // namespace errand::client

namespace errand {

Result<CleanupReport> cleanup_jobs(const std::vector<JobRef>& jobs, const CleanupOptions& options) {
  client::Cleaner cleaner(options);
  for (const JobRef& job : jobs) cleaner.clean(job);
  return cleaner.take_report();
}

}  // namespace errand
