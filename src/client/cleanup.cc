// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <span>

#include "client/cancel.h"
#include "client/find_job.h"
#include "client/job_report.h"
#include "client/read_seals.h"
#include "errand/job.h"
#include "share/names.h"
#include "system/try.h"

namespace errand::client {
namespace {

/// So many are looked at and removed together.
constexpr std::size_t batch_size = 1000;
constexpr std::string_view why = "cleaned up";

/// A job that is to be removed, and what is known of it.
struct Candidate {
  const JobRef* named = nullptr;
  Result<LocatedJob> job;
  std::optional<JobStatus> sealed;      ///< its status, if it has settled for good
  std::optional<Result<void>> removed;  ///< with the others of its batch
};

class Cleaner {
 public:
  explicit Cleaner(const CleanupOptions& options) : options_(options) {}

  void clean(std::span<const JobRef> named) {
    std::vector<Candidate> batch;
    for (const JobRef& job : named) batch.push_back({&job, find(job), {}, {}});
    std::map<std::shared_ptr<share::Place>, std::vector<Candidate*>> by_place;
    for (Candidate& candidate : batch) {
      if (candidate.job) by_place[candidate.job->place].push_back(&candidate);
    }
    for (auto& [place, candidates] : by_place) {
      look_at_seals(*place, candidates);
      remove_sealed(place, candidates);
    }
    for (Candidate& candidate : batch) settle(candidate);
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

  /// A place is looked at once: it may be far away.
  Result<LocatedJob> find(const JobRef& named) {
    auto known = found_.find(named.place());
    auto whole = share::parse_job_id(named.id());
    if (whole && known != found_.end()) return LocatedJob{known->second, *std::move(whole)};
    auto located = locate(named, true);
    if (located && whole && !named.place().empty()) found_.emplace(named.place(), located->place);
    return located;
  }

  void look_at_seals(const share::Place& place, const std::vector<Candidate*>& candidates) {
    auto ids = place.active_ids();
    if (!ids) return;  // each is looked at on its own, and says what is the matter
    const std::set<std::string> active(ids->begin(), ids->end());
    std::vector<std::string> asked;
    for (const Candidate* candidate : candidates) asked.push_back(candidate->job->id);
    auto seals = read_seals(place, asked, [&](const std::string& id) { return active.contains(id); });
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      if (seals[i]) candidates[i]->sealed = seals[i]->report.status;
    }
  }

  void remove_sealed(const std::shared_ptr<share::Place>& place, const std::vector<Candidate*>& candidates) {
    std::vector<Candidate*> removed;
    std::vector<std::string> ids;
    for (Candidate* candidate : candidates) {
      const bool goes = candidate->sealed && may_go(*candidate->sealed);
      if (!goes || !check_owner(*place, candidate->job->id)) continue;
      removed.push_back(candidate);
      ids.push_back(candidate->job->id);
    }
    if (ids.empty()) return;
    places_.insert(place);
    auto outcomes = place->remove_jobs(ids, why, options_.removed);
    for (std::size_t i = 0; i < removed.size(); ++i) removed[i]->removed = std::move(outcomes[i]);
  }

  /// Whether a job that has ended with that status is removed without further ado.
  [[nodiscard]] bool may_go(JobStatus status) const {
    return status == JobStatus::failed || status == JobStatus::canceled ||
           (status == JobStatus::finished && options_.force);
  }

  /// What is left to do for it, and what there is to say.
  void settle(const Candidate& candidate) {
    if (candidate.removed && *candidate.removed) return report_.removed.push_back(candidate.job->id);
    if (candidate.removed) return note(*candidate.named, candidate.removed->error());
    if (candidate.sealed == JobStatus::finished && !options_.force) return keep_unread(candidate.job->id);
    if (!candidate.job) return note(*candidate.named, candidate.job.error());
    auto job = open_job(candidate.job->ref(), true);
    auto done = job ? clean_opened(**job) : Result<void>(job.error());
    if (!done) note(*candidate.named, done.error());
  }

  void note(const JobRef& named, const Error& error) {
    bool absent = error.code == ErrorCode::job_missing || error.code == ErrorCode::not_found;
    warn(absent ? error.message : named.id() + " was kept: " + error.message, error.hint);
  }

  void keep_unread(const std::string& id) {
    warn(id + " was kept: its results were not fetched with auto_cleanup",
         "get the results with auto_cleanup, or use force to remove it unread");
  }

  static Result<void> check_owner(const share::Place& place, const std::string& id) {
    if (place.files().is_of_one_user()) return {};
    TRY(system::FileInfo info, place.files().info(share::job_path(id)));
    if (info.owner == geteuid()) return {};
    return Error{ErrorCode::foreign_owner, "it belongs to user " + std::to_string(info.owner), false,
                 "only its owner may remove it", 0};
  }

  Result<void> clean_opened(share::JobDirectory& job) {
    TRY_VOID(check_owner(job.place(), job.id()));
    JobReport report = report_as_listed(job);
    const JobStatus status = report.status.status;
    if (status == JobStatus::missing) return job_missing(job.place(), job.id());
    if (may_go(status)) return remove(job);
    if (status == JobStatus::finished) {
      keep_unread(job.id());
      return {};
    }
    if (options_.force) return stop_and_remove(job);
    warn(job.id() + " was kept: it is " + report.status.reason,
         "wait for it, cancel it, or use force to cancel and remove it");
    return {};
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
    TRY_VOID(place->remove_job(job.id(), why, options_.removed));
    places_.insert(place);
    report_.removed.push_back(job.id());
    return {};
  }

  const CleanupOptions& options_;
  CleanupReport report_;
  std::set<std::shared_ptr<share::Place>> places_;              ///< from which something was removed
  std::map<std::string, std::shared_ptr<share::Place>> found_;  ///< by how jobs name them
};

}  // namespace
}  // namespace errand::client

namespace errand {

Result<CleanupReport> cleanup_jobs(const std::vector<JobRef>& jobs, const CleanupOptions& options) {
  client::Cleaner cleaner(options);
  const std::span all(jobs);
  for (std::size_t i = 0; i < jobs.size(); i += client::batch_size) {
    cleaner.clean(all.subspan(i, std::min(client::batch_size, jobs.size() - i)));
  }
  return cleaner.take_report();
}

}  // namespace errand
