// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <unordered_set>

#include "client/job_report.h"
#include "client/open_place.h"
#include "client/read_seals.h"
#include "client/reading_ahead.h"
#include "client/summary.h"
#include "errand/job.h"
#include "share/names.h"
#include "share/sealing.h"
#include "status/status.h"
#include "system/try.h"

namespace errand::client {
namespace {

constexpr std::string_view none = "none";

/// Which states a listing keeps.
struct Wanted {
  bool all = true;
  bool none = false;
  std::uint32_t statuses = 0;
  [[nodiscard]] bool keeps(JobStatus status) const {
    return all || (statuses >> static_cast<unsigned>(status) & 1U) != 0;
  }
  [[nodiscard]] bool keeps_none() const { return all || none; }
};

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

Result<Wanted> parse_states(const std::vector<std::string>& states) {
  Wanted wanted;
  wanted.all = states.empty();
  for (const std::string& word : states) {
    if (auto status = parse_job_status(word)) {
      wanted.statuses |= 1U << static_cast<unsigned>(*status);
    } else if (equal_ignoring_case(word, none)) {
      wanted.none = true;
    } else {
      return Error{ErrorCode::invalid_argument, "\"" + word + "\" is no job state", false,
                   "known are queued, running, finished, failed, canceled, missing, undetermined and none",
                   0};
    }
  }
  return wanted;
}

/// A context as a submission to the place records it.
ComputeContext as_recorded(ComputeContext context, const share::Place& place) {
  context.share_dir = place.path();
  return context;
}

/// How the front ends name a cluster, which is more than a share directory: the option travels with the job.
constexpr const char* head_node = "rx.head_node";
constexpr const char* nodes = "nodes";

std::string option_of(const ComputeContext& context, const char* name) {
  auto found = context.engine_options.find(name);
  return found == context.engine_options.end() ? std::string() : found->second;
}

/// Compares every field, but for the nodes where either side names none.
bool is_same_context(ComputeContext a, ComputeContext b) {
  if (option_of(a, nodes).empty() || option_of(b, nodes).empty()) {
    a.engine_options.erase(nodes);
    b.engine_options.erase(nodes);
  }
  return a == b;
}

class Listing {
 public:
  Listing(const ComputeContext& context, const JobsOptions& options, Wanted wanted,
          std::shared_ptr<share::Place> place)
      : context_(as_recorded(context, *place)),
        context_hash_(share::context_hash(context_)),
        options_(options),
        wanted_(wanted),
        place_(std::move(place)) {}

  Result<std::vector<JobSummary>> list() {
    // Active ones are listed first: a job that settles in between is then read as if it had not.
    TRY(std::vector<std::string> active, place_->active_ids());
    active_.insert(active.begin(), active.end());
    TRY(std::vector<std::string> ids, place_->job_ids());
    auto left_out = [this](const std::string& id) { return !may_be_in_time(id) || active_.contains(id); };
    std::vector<std::optional<share::Seal>> seals = read_seals(*place_, ids, left_out);
    std::vector<std::string> unsealed;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (!may_be_in_time(ids[i])) continue;
      if (seals[i]) {
        take(std::move(ids[i]), *std::move(seals[i]));
      } else {
        unsealed.push_back(std::move(ids[i]));
      }
    }
    open_each(unsealed);
    report_unsettled();
    if (wanted_.keeps_none()) add_unpublished();
    auto order = [](const JobSummary& job) { return std::tie(job.created_ns, job.id); };
    std::sort(summaries_.begin(), summaries_.end(),
              [&](const JobSummary& a, const JobSummary& b) { return order(a) < order(b); });
    return std::move(summaries_);
  }

 private:
  [[nodiscard]] bool in_time(std::int64_t created_ns) const {
    return (!options_.start_ns || created_ns >= *options_.start_ns) &&
           (!options_.end_ns || created_ns <= *options_.end_ns);
  }

  /// The id carries the time of creation in milliseconds: most of what is out of time is not even opened.
  [[nodiscard]] bool may_be_in_time(const std::string& id) const {
    std::int64_t begin_ns = share::id_time_ms(id) * 1'000'000;
    return (!options_.start_ns || begin_ns + 1'000'000 > *options_.start_ns) &&
           (!options_.end_ns || begin_ns <= *options_.end_ns);
  }

  void take(std::string id, share::Seal seal) {
    const bool kept = wanted_.keeps(seal.report.status) && in_time(seal.created_ns);
    if (kept && is_of_this_context(id, seal)) {
      summaries_.push_back(summary_of(std::move(seal), std::move(id), *place_));
    }
  }

  void open_each(const std::vector<std::string>& ids) {
    std::vector<std::string> paths;
    paths.reserve(ids.size());
    for (const std::string& id : ids) paths.push_back(share::job_path(id));
    ReadingAhead ahead(place_->files(), std::move(paths));
    for (std::size_t i = 0; i < ids.size(); ++i) {
      ahead.come_to(i);
      open(ids[i]);
    }
  }

  /// What is known of a job that is not read: its id, which has the time of its creation.
  [[nodiscard]] JobSummary summary_of_id(std::string id, std::string reason) const {
    JobSummary summary;
    summary.place = place_->path();
    summary.reason = std::move(reason);
    summary.created_ns = summary.modified_ns = share::id_time_ms(id) * 1'000'000;
    summary.id = std::move(id);
    return summary;
  }

  /// A link or a file in a job's place is a stranger and no job.
  void add_unreadable(const std::string& id, const Error& error) {
    const bool is_none = error.code == ErrorCode::job_missing || error.code == ErrorCode::corrupt;
    if (is_none || options_.exact_match || !wanted_.keeps(JobStatus::undetermined)) return;
    StatusReport report = status::compute_status(unreadable_place(error), {});
    summaries_.push_back(summary_of_id(id, std::move(report.reason)));
    summaries_.back().status = report.status;
  }

  /// Its manifest and its age are read with it, for the engine and the summary.
  void open(const std::string& id) {
    auto job = share::JobDirectory::open(place_, id);
    if (!job) return add_unreadable(id, job.error());
    if (is_of_another_context(**job)) return;
    (void)(*job)->manifest();
    modified_ns_.push_back(modified_ns_of(**job));
    unsettled_.push_back(*std::move(job));
  }

  /// Without opening the job where the seal is enough.
  [[nodiscard]] bool is_of_this_context(const std::string& id, const share::Seal& seal) const {
    if (seal.context_hash == context_hash_) return true;
    const bool seal_is_enough = options_.exact_match ? context_.engine == "local" || seal.engine == "local"
                                                     : option_of(context_, head_node).empty();
    if (seal_is_enough) return !options_.exact_match;
    auto job = share::JobDirectory::open(place_, id);
    return job && !is_of_another_context(**job);
  }

  bool is_of_another_context(share::JobDirectory& job) const {
    const std::string head = option_of(context_, head_node);
    if (!options_.exact_match && head.empty()) return false;
    auto manifest = job.manifest();
    // Of a canceled job there is only its seal.
    if (!manifest) {
      auto seal = job.seal();
      return options_.exact_match && (!seal || seal->context_hash != context_hash_);
    }
    const ComputeContext& other = (*manifest)->context;
    if (options_.exact_match) return !is_same_context(other, context_);
    const std::string its_head = option_of(other, head_node);
    return !its_head.empty() && its_head != head;
  }

  void report_unsettled() {
    std::vector<share::JobDirectory*> jobs;
    for (const auto& job : unsettled_) jobs.push_back(job.get());
    std::vector<JobReport> reports = reports_of(*place_, jobs);
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      const StatusReport& status = reports[i].status;
      if (status.status == JobStatus::missing || !wanted_.keeps(status.status)) continue;
      JobSummary summary = summary_of(*jobs[i], status, modified_ns_[i]);
      if (in_time(summary.created_ns)) summaries_.push_back(std::move(summary));
    }
  }

  /// Submissions that never completed: still under their temporary name.
  void add_unpublished() {
    auto names = place_->files().list(std::string(share::staging_directory));
    if (!names) return;
    for (std::string& id : *names) {
      if (share::parse_job_id(id) != id || !may_be_in_time(id) || options_.exact_match) continue;
      summaries_.push_back(summary_of_id(std::move(id), "its submission never completed"));
    }
  }

  ComputeContext context_;
  std::uint64_t context_hash_;
  const JobsOptions& options_;
  Wanted wanted_;
  std::shared_ptr<share::Place> place_;
  std::unordered_set<std::string> active_;
  std::vector<JobSummary> summaries_;
  std::vector<std::unique_ptr<share::JobDirectory>> unsettled_;
  std::vector<std::int64_t> modified_ns_;  ///< of each; 0: not known
};

}  // namespace
}  // namespace errand::client

namespace errand {

Result<std::vector<JobSummary>> get_jobs(const ComputeContext& context, const JobsOptions& options) {
  TRY(client::Wanted wanted, client::parse_states(options.states));
  const std::string path = resolve_share_dir(context);
  // The default place comes into being with the first submission: before it there are no jobs.
  if (context.share_dir.empty() && client::is_absent(path)) return std::vector<JobSummary>();
  TRY(std::shared_ptr<share::Place> place, client::open_place(path, false));
  return client::Listing(context, options, wanted, std::move(place)).list();
}

}  // namespace errand
