// SPDX-License-Identifier: Apache-2.0
#include "client/arriving_outcomes.h"

#include <algorithm>

#include "client/find_job.h"
#include "client/job_report.h"
#include "client/wait.h"
#include "share/names.h"
#include "system/try.h"

namespace errand::client {
namespace {

using SteadyClock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

/// The job file's own growth, and what readers leave, bring no outcome.
bool is_news(const system::Change& change) {
  if (change.kind == system::Change::Kind::overflow || change.name.empty()) return true;
  auto name = share::parse_job_file_name(change.name);
  if (!name) return false;
  using Kind = share::JobFileName::Kind;
  return name->kind == Kind::log || name->kind == Kind::claim || name->kind == Kind::seal ||
         name->kind == Kind::verdict;
}

}  // namespace

Result<std::unique_ptr<ArrivingOutcomes>> ArrivingOutcomes::open(const std::shared_ptr<share::Place>& place,
                                                                 const std::string& id, AskExtent extent) {
  TRY(auto job, share::JobDirectory::open(place, id));
  TRY(DirectoryWatch watch, DirectoryWatch::open(*place, job->path()));
  return std::unique_ptr<ArrivingOutcomes>(
      new ArrivingOutcomes(std::move(job), std::move(watch), std::move(extent)));
}

Result<bool> ArrivingOutcomes::next(detail::OutcomeVisitor& visitor, std::optional<Milliseconds> timeout) {
  const auto begin = SteadyClock::now();
  while (true) {
    const Extent extent = extent_();
    handed_out_.resize(std::max<std::size_t>(handed_out_.size(), extent.total));
    auto read = index_.refresh(extent.total, [this](std::uint64_t task) { arrived_.push_back(task); });
    if (!read && read.error().code == ErrorCode::job_missing) return job_missing(job_->place(), job_->id());
    if (!read) return std::move(read).error();
    TRY(bool some, hand_out(visitor));
    done_ = extent.closed && handed_count_ >= extent.total;
    if (some) return true;
    if (done_) return false;
    TRY_VOID(check_alive(extent));
    Milliseconds pause = recheck_interval;
    if (timeout) {
      auto left = std::chrono::ceil<Milliseconds>(*timeout - (SteadyClock::now() - begin));
      if (left.count() <= 0) return false;
      pause = std::min(pause, left);
    }
    TRY_VOID(wait_for_news(pause));
  }
}

Result<bool> ArrivingOutcomes::hand_out(detail::OutcomeVisitor& visitor) {
  std::vector<std::uint64_t> not_durable;
  bool some = false;
  for (std::uint64_t task : arrived_) {
    if (task >= handed_out_.size()) handed_out_.resize(task + 1);
    if (handed_out_[task]) continue;
    if (!index_.is_durable(task)) {
      not_durable.push_back(task);
      continue;
    }
    TRY_VOID(delivery_.deliver(index_, task, visitor));
    handed_out_[task] = true;
    ++handed_count_;
    some = true;
  }
  arrived_ = std::move(not_durable);
  return some;
}

Result<void> ArrivingOutcomes::check_alive(const Extent& extent) {
  const bool settled =
      job_->has(share::JobFileName::Kind::seal) || job_->has(share::JobFileName::Kind::verdict);
  if (!settled && SteadyClock::now() - checked_ < recheck_interval) return {};
  checked_ = SteadyClock::now();
  JobReport report = report_of(*job_);  // which also wakes an agent that has died
  switch (report.status.status) {
    case JobStatus::canceled:
      return Error{ErrorCode::job_canceled, "job " + job_->id() + " is " + report.status.reason, false, "",
                   0};
    case JobStatus::missing:
      return job_missing(job_->place(), job_->id());
    case JobStatus::failed:
      // With an outcome for every task it has failed and still hands all of them out.
      if (report.status.progress.succeeded + report.status.progress.failed >= extent.total) return {};
      return Error{ErrorCode::job_failed, "job " + job_->id() + " has " + report.status.reason, false, "", 0};
    default:
      return {};
  }
}

Result<void> ArrivingOutcomes::wait_for_news(Milliseconds pause) {
  const auto begin = SteadyClock::now();
  while (true) {
    auto left = std::chrono::ceil<Milliseconds>(pause - (SteadyClock::now() - begin));
    if (left.count() <= 0) return {};
    TRY(std::vector<system::Change> changes, watch_->wait(left));
    if (std::any_of(changes.begin(), changes.end(), is_news)) return {};
    if (changes.empty()) return {};
  }
}

}  // namespace errand::client
