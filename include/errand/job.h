// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <compare>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "errand/compute_context.h"
#include "errand/encoding.h"
#include "errand/error.h"
#include "errand/job_result.h"
#include "errand/job_status.h"

/// The verbs on a job that exists. All of them work from any process of the same user that sees the
/// place, at any later time; all are thread-safe, also on the same job.
namespace errand {

/// Names a job: its id and, if known, its place. Any text names one: a whole id, a unique leading or
/// trailing part of 4 or more characters, or "last". A plain value.
class JobRef {
 public:
  JobRef() = default;
  JobRef(std::string id) : id_(std::move(id)) {}
  JobRef(const char* id) : id_(id) {}
  /// Of a connection string only the place's name is kept; its password and options stay in this process's
  /// memory, where opening the place finds them. Thread-safe.
  JobRef(std::string id, std::string place);

  [[nodiscard]] const std::string& id() const noexcept { return id_; }
  /// The share directory; empty: looked for in the active context's place, the named contexts', then
  /// every place this user ever submitted to.
  [[nodiscard]] const std::string& place() const noexcept { return place_; }
  bool operator==(const JobRef&) const = default;

 private:
  std::string id_;
  std::string place_;
};

/// The job that a text means, with its whole id and its place.
/// Errors: not_found, ambiguous (naming the candidates), place_unreadable.
/// `for_writing`: "last" then means only this session's own last job.
[[nodiscard]] Result<JobRef> find_job(const JobRef& named, bool for_writing = false);

/// What the job is doing, why, and how far it is. Writes nothing in the job directory; may start the
/// agent of an unfinished job of this machine. A job that is not there is `missing`, not an error.
/// Errors: ambiguous; invalid_argument for text that can be no job's name.
[[nodiscard]] Result<StatusReport> get_job_status(const JobRef& job);

/// Called with each piece of console text, in order.
using TextSink = std::function<void(std::string_view)>;

struct ResultOptions {
  std::optional<bool> console_output;  ///< unset: as at submission
  std::optional<bool> auto_cleanup;    ///< unset: as at submission
  TextSink console;                    ///< where console text goes; unset: standard output
};

namespace detail {

/// Receives the outcomes of a job in task order.
class OutcomeVisitor {
 public:
  virtual ~OutcomeVisitor() = default;
  virtual void begin(std::uint64_t tasks) = 0;
  /// An error ends the visit and is returned; nothing is removed then.
  virtual Result<void> value(std::uint64_t task, std::uint32_t attempt, const EncodedView& value) = 0;
  virtual void failure(TaskFailure failure) = 0;
};

/// Visits every outcome of a finished job, then cleans up if asked; gives the warning, or "".
[[nodiscard]] Result<std::string> visit_results(const JobRef& job, const ResultOptions& options,
                                                OutcomeVisitor& visitor);
/// Visits what outcomes there are now.
[[nodiscard]] Result<void> visit_partial_results(const JobRef& job, OutcomeVisitor& visitor);

template <class R>
class Decoder final : public OutcomeVisitor {
 public:
  void begin(std::uint64_t tasks) override { values.resize(tasks); }
  Result<void> value(std::uint64_t task, std::uint32_t, const EncodedView& view) override {
    Result<R> decoded = decode_value<R>(view);
    if (!decoded) return std::move(decoded).error();
    values[task] = *std::move(decoded);
    return {};
  }
  void failure(TaskFailure failed) override { failures.push_back(std::move(failed)); }

  std::vector<R> values;
  std::vector<TaskFailure> failures;
};

template <class R>
class PartialDecoder final : public OutcomeVisitor {
 public:
  void begin(std::uint64_t) override {}
  Result<void> value(std::uint64_t task, std::uint32_t attempt, const EncodedView& view) override {
    Result<R> decoded = decode_value<R>(view);
    if (!decoded) return std::move(decoded).error();
    append(task, attempt).template emplace<0>(*std::move(decoded));
    return {};
  }
  void failure(TaskFailure failed) override {
    append(failed.task, failed.attempt).template emplace<1>(std::move(failed));
  }

  std::vector<TaskOutcome<R>> outcomes;

 private:
  /// In place: g++ 12 takes a moved one for uninitialized.
  auto& append(std::uint64_t task, std::uint32_t attempt) {
    TaskOutcome<R>& added = outcomes.emplace_back();
    added.task = task;
    added.attempt = attempt;
    return added.outcome;
  }
};

}  // namespace detail

/// The results of a finished job, one entry per task in task order. R = EncodedValue reads any job.
/// With auto_cleanup (see ComputeContext) the artifacts are removed after every value is decoded, if
/// every task succeeded and no other reader holds the job.
/// Errors: not_finished (with the progress), job_failed (with the first error), job_canceled,
/// job_missing (with when it was deleted, if known), type_mismatch, unsupported_codec, corrupt
/// (file and offset). After an error nothing was removed.
template <class R>
[[nodiscard]] Result<JobResults<R>> get_job_results(const JobRef& job, const ResultOptions& options = {}) {
  detail::Decoder<R> decoder;
  Result<std::string> warning = detail::visit_results(job, options, decoder);
  if (!warning) return std::move(warning).error();
  JobResults<R> results(std::move(decoder.values), std::move(decoder.failures));
  results.warning = *std::move(warning);
  return results;
}

/// The outcomes there are, in task order, while the job runs or after. Until the job is finished one
/// may still be superseded (a lost worker's task is run again). Removes nothing.
template <class R>
[[nodiscard]] Result<std::vector<TaskOutcome<R>>> get_partial_results(const JobRef& job) {
  detail::PartialDecoder<R> decoder;
  if (Result<void> visited = detail::visit_partial_results(job, decoder); !visited) {
    return std::move(visited).error();
  }
  return std::move(decoder.outcomes);
}

struct OutputOptions {
  bool follow = false;                ///< whole lines as they arrive, prefixed "[task] ", until the job ends
  bool neutralize = false;            ///< control sequences made visible (for terminals)
  std::optional<std::uint64_t> task;  ///< this task's text only
  /// Called with a task's index before its text is handed over; not with `follow`.
  std::function<void(std::uint64_t task)> next_task;
};

/// The tasks' standard output and error as one text in task order, handed to `sink` in pieces; works
/// while the job runs; removes nothing. Text that a task's children wrote after it ended follows it,
/// headed "after task k".
[[nodiscard]] Result<void> get_job_output(const JobRef& job, const TextSink& sink,
                                          const OutputOptions& options = {});
/// The same as one string.
[[nodiscard]] Result<std::string> get_job_output(const JobRef& job);

/// Called while waiting, at once and then whenever something changed, at most every 100 ms.
using ProgressSink = std::function<void(const StatusReport&)>;

struct WaitOptions {
  std::optional<std::chrono::milliseconds> timeout;
  ProgressSink progress;
  /// Asked whenever the wait wakes up, once a second at least; `signal`: a signal woke it (one that comes
  /// just before the wait sleeps does not). True ends the wait with `interrupted`. The job goes on.
  std::function<bool(bool signal)> interrupted;
};

/// Returns when the job is finished, failed, canceled or missing, with that report; or undetermined,
/// when the engine has forgotten it. Woken by the worker's appends, not by polling, on local disks.
/// Errors: timeout (the job goes on), interrupted.
[[nodiscard]] Result<StatusReport> wait_for_job(const JobRef& job, const WaitOptions& options = {});

/// What became of a cancel.
struct CancelReport {
  bool canceled = false;  ///< this call canceled it; false: it had ended, or is missing
  std::string message;    ///< in plain words; says what is still ending, if anything is
  std::string output;     ///< what had been written, if console_output is on for the job
};
/// Stops the job: when it returns with canceled, everything it had started is dead, and results,
/// output, function and arguments are removed; a small record stays until cleanup.
/// A job that has ended or is missing is no error. Errors: place_unwritable, engine_unavailable.
[[nodiscard]] Result<CancelReport> cancel_job(const JobRef& job);

struct RetryReport {
  std::uint64_t tasks = 0;  ///< how many run again
  std::string message;
};
/// Runs again only the tasks that failed, were given up or never ended, under the same id; every
/// attempt is kept. Errors: invalid_argument (canceled, missing, or it is still running).
[[nodiscard]] Result<RetryReport> retry_job(const JobRef& job);

struct CleanupOptions {
  bool force = false;
  /// Called with every directory that is removed (verbose), and with nothing else.
  TextSink removed;
};
struct CleanupReport {
  std::vector<std::string> removed;   ///< ids
  std::vector<std::string> warnings;  ///< one per job that was kept, naming the ways out
};
/// Removes the artifacts of failed and canceled jobs; with force, of any (a live one is canceled
/// first). Every job of the list is tried. Removal is a rename, then unlinks: a crash leaves the whole
/// job or nothing that a verb shows.
[[nodiscard]] Result<CleanupReport> cleanup_jobs(const std::vector<JobRef>& jobs,
                                                 const CleanupOptions& options = {});

/// One job as get_jobs lists it.
struct JobSummary {
  std::string id;
  std::string place;
  std::string function;  ///< the function's name, or the program's command line
  /// Empty: `none`, a record whose submission never completed.
  std::optional<JobStatus> status;
  std::string reason;
  Progress progress;
  std::int64_t created_ns = 0;   ///< UTC, nanoseconds since 1970
  std::int64_t modified_ns = 0;  ///< when its status last changed, as far as the place shows
  std::string engine;
  std::string host;  ///< where it was submitted
  std::string user;
};

struct JobsOptions {
  bool exact_match = false;              ///< compare every field of the context, not the place alone
  std::optional<std::int64_t> start_ns;  ///< created at or after (UTC nanoseconds)
  std::optional<std::int64_t> end_ns;    ///< created at or before
  /// Status words to keep (any of the seven, or "none"; case ignored); empty: all.
  std::vector<std::string> states;
};
/// The jobs of the context's place, oldest first.
/// Errors: place_unreadable, invalid_argument (an unknown state, naming the known ones).
[[nodiscard]] Result<std::vector<JobSummary>> get_jobs(const ComputeContext& context,
                                                       const JobsOptions& options = {});

/// One worker of a job, as far as the place shows.
struct WorkerInfo {
  std::string name;  ///< of its log
  std::string host;
  int pid = 0;
  bool alive = false;
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  std::optional<std::uint64_t> current_task;
};
/// What a job's workers have used, lost attempts included, as far as it was measured: tasks of a millisecond
/// and more.
struct ResourceUse {
  std::chrono::milliseconds cpu_time{0};  ///< of all processors, user and system, children included
  std::uint64_t peak_memory = 0;          ///< bytes, of the largest process
  std::uint64_t measured_tasks = 0;       ///< outcomes that say what they took
  std::vector<std::string> hosts;         ///< where workers ran
};
/// Everything recorded about a job's submission.
struct JobInfo {
  JobSummary summary;
  ComputeContext context;
  std::string working_directory;
  std::vector<std::string> environment;  ///< NAME=value, as recorded
  std::optional<std::uint64_t> seed;
  std::uint64_t chunk_size = 0;  ///< 0: chosen by the engine
  bool continue_on_failure = true;
  std::string program;  ///< the snapshot that runs it
  std::string signature;
  std::vector<WorkerInfo> workers;
  ResourceUse used;
  std::uint64_t requests = 0;  ///< cancels and retries asked for
};
/// Errors: as find_job; job_missing.
[[nodiscard]] Result<JobInfo> get_job_info(const JobRef& job);

/// Every record of every file of the job, readable, and what could not be read and why.
[[nodiscard]] Result<void> inspect_job(const JobRef& job, const TextSink& sink);

/// The last job submitted by this session (process, or terminal session). Errors: not_found.
[[nodiscard]] Result<JobRef> last_pending_job();

/// A job whose results are of type R. Job<R>("rxJob_...") takes one up from any process.
template <class R>
class Job : public JobRef {
 public:
  using JobRef::JobRef;
  Job(JobRef named) : JobRef(std::move(named)) {}
  /// Results that a waiting LocalSeq made in this process: no job on disk.
  explicit Job(std::shared_ptr<const JobResults<R>> done) : done_(std::move(done)) {}

  /// True if the results were made in this process and there is no job on disk.
  [[nodiscard]] bool in_process() const noexcept { return done_ != nullptr; }

  [[nodiscard]] Result<StatusReport> status() const {
    if (!done_) return get_job_status(*this);
    Progress progress;
    progress.total = done_->size();
    progress.failed = done_->failures().size();
    progress.succeeded = progress.total - progress.failed;
    return StatusReport{JobStatus::finished, "finished in this process", progress};
  }
  [[nodiscard]] Result<JobResults<R>> results(const ResultOptions& options = {}) const {
    if (done_) return *done_;
    return get_job_results<R>(*this, options);
  }
  [[nodiscard]] Result<std::vector<TaskOutcome<R>>> partial_results() const {
    if (!done_) return get_partial_results<R>(*this);
    std::vector<TaskOutcome<R>> outcomes;
    for (std::size_t i = 0; i < done_->size(); ++i) {
      const TaskFailure* failed = done_->failure(i);
      outcomes.push_back(failed ? TaskOutcome<R>{i, 0, *failed} : TaskOutcome<R>{i, 0, (*done_)[i]});
    }
    return outcomes;
  }
  [[nodiscard]] Result<std::string> output() const {
    if (done_) return std::string();
    return get_job_output(*this);
  }
  [[nodiscard]] Result<StatusReport> wait(const WaitOptions& options = {}) const {
    if (done_) return status();
    return wait_for_job(*this, options);
  }
  [[nodiscard]] Result<CancelReport> cancel() const {
    if (done_) return CancelReport{false, "it had ended", ""};
    return cancel_job(*this);
  }
  [[nodiscard]] Result<RetryReport> retry() const { return retry_job(*this); }

 private:
  std::shared_ptr<const JobResults<R>> done_;
};

}  // namespace errand
