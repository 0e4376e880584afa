// SPDX-License-Identifier: Apache-2.0
#include "client/wait.h"

#include <algorithm>
#include <optional>

#include "client/find_job.h"
#include "client/open_place.h"
#include "share/names.h"
#include "system/try.h"

namespace errand::client {
namespace {

using SteadyClock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

constexpr Milliseconds progress_interval{100};
/// How old a job may be of which nobody need ask how it is.
constexpr Milliseconds fresh_age{100};

/// A change after which the job may have settled: the seal, a verdict, or its directory is gone.
bool may_settle(const system::Change& change) {
  if (change.kind == system::Change::Kind::overflow || change.name.empty()) return true;
  auto name = share::parse_job_file_name(change.name);
  return name &&
         (name->kind == share::JobFileName::Kind::seal || name->kind == share::JobFileName::Kind::verdict);
}

class Waiter {
 public:
  Waiter(share::JobDirectory& job, const WaitOptions& options,
         const std::function<bool(const JobReport&)>& done)
      : job_(job), options_(options), done_(done) {}

  Result<JobReport> run(DirectoryWatch& watch, bool may_put_off) {
    bool look = !may_put_off || options_.progress != nullptr || !shows_no_end();
    while (true) {
      if (look) {
        JobReport report = look_now();
        if (done_(report)) return report;
      }
      if (options_.timeout && since(begin_) >= *options_.timeout) {
        if (last_) return time_is_over();
        look = true;  // put off until now
        continue;
      }
      Milliseconds pause = next_pause();
      auto asked = SteadyClock::now();
      TRY(std::vector<system::Change> changes, watch->wait(pause));
      bool signal = changes.empty() && SteadyClock::now() - asked < pause;
      if (options_.interrupted && options_.interrupted(signal)) return interrupted();
      changed_ = changed_ || !changes.empty();
      look = is_time_to_look(changes);
    }
  }

 private:
  static Milliseconds since(SteadyClock::time_point then) {
    return std::chrono::floor<Milliseconds>(SteadyClock::now() - then);
  }

  /// As listed behind the watch: what ends from here on is told.
  [[nodiscard]] bool shows_no_end() const {
    const std::int64_t age_ms = job_.place().clock().now_ns() / 1'000'000 - share::id_time_ms(job_.id());
    if (age_ms < 0 || age_ms > fresh_age.count()) return false;
    return !job_.has(share::JobFileName::Kind::seal) && !job_.has(share::JobFileName::Kind::verdict);
  }

  JobReport look_now() {
    JobReport report = report_of(job_);
    looked_ = SteadyClock::now();
    changed_ = false;
    last_ = report.status;
    if (options_.progress) options_.progress(report.status);
    return report;
  }

  [[nodiscard]] bool is_time_to_look(const std::vector<system::Change>& changes) const {
    if (std::any_of(changes.begin(), changes.end(), may_settle)) return true;
    Milliseconds age = since(looked_);
    return age >= recheck_interval || (options_.progress && changed_ && age >= progress_interval);
  }

  [[nodiscard]] Milliseconds next_pause() const {
    Milliseconds interval = options_.progress && changed_ ? progress_interval : recheck_interval;
    Milliseconds pause = std::max(Milliseconds(1), interval - since(looked_));
    if (options_.timeout)
      pause = std::min(pause, std::max(Milliseconds(0), *options_.timeout - since(begin_)));
    return pause;
  }

  [[nodiscard]] Error time_is_over() const {
    std::string so_far = last_ ? "; " + last_->reason : std::string();
    return {ErrorCode::timeout, "the time to wait for job " + job_.id() + " ran out" + so_far, true,
            "the job goes on; wait again, or cancel it", 0};
  }
  [[nodiscard]] Error interrupted() const {
    return {ErrorCode::interrupted, "the wait for job " + job_.id() + " was interrupted; the job goes on",
            true, "wait again, or cancel it", 0};
  }

  share::JobDirectory& job_;
  const WaitOptions& options_;
  const std::function<bool(const JobReport&)>& done_;
  SteadyClock::time_point begin_ = SteadyClock::now();
  SteadyClock::time_point looked_ = begin_;
  bool changed_ = false;
  std::optional<StatusReport> last_;
};

/// Silence is waited out; that nobody knows the job is an answer.
bool has_ended(const JobReport& report) {
  if (report.status.status == JobStatus::undetermined) return !report.silent;
  return is_settled(report.status.status);
}

/// Of a job that is not there: what there is to say of it is said at once.
Result<StatusReport> look_once(const JobRef& named, const WaitOptions& options) {
  TRY(JobReport report, report_of(named));
  if (options.progress) options.progress(report.status);
  return std::move(report.status);
}

}  // namespace

Result<JobReport> wait_until(share::JobDirectory& job, const WaitOptions& options,
                             const std::function<bool(const JobReport&)>& done) {
  auto watch = DirectoryWatch::open(job.place(), job.path());
  if (watch) return Waiter(job, options, done).run(*watch, false);
  if (watch.error().code != ErrorCode::not_found) return std::move(watch).error();
  JobReport report = report_of(job);
  if (options.progress) options.progress(report.status);
  return report;
}

Result<StatusReport> wait_until_ended(const LocatedJob& named, const WaitOptions& options) {
  // The watch first: what the listing does not show yet will be told.
  auto watch = DirectoryWatch::open(*named.place, share::job_path(named.id));
  auto job = share::JobDirectory::open(named.place, named.id);
  if (watch && job) {
    TRY(JobReport report, Waiter(**job, options, has_ended).run(*watch, true));
    seal(**job, report);
    return std::move(report.status);
  }
  if (job && watch.error().code != ErrorCode::not_found) return std::move(watch).error();
  return look_once(named.ref(), options);
}

}  // namespace errand::client

namespace errand {

Result<StatusReport> wait_for_job(const JobRef& named, const WaitOptions& options) {
  auto job = client::locate(named);
  return job ? client::wait_until_ended(*job, options) : client::look_once(named, options);
}

}  // namespace errand
