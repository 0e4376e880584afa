// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/local/part.h"
#include "engine/local/task_queue.h"
#include "journal/log_writer.h"
#include "share/job_directory.h"
#include "share/outcome_index.h"
#include "system/clock.h"
#include "system/processes.h"
#include "worker/protocol.h"

namespace errand::engine::local {

class WorkerHost;

/// How a worker ended while it held tasks.
struct WorkerEnd {
  int wait_status = 0;
  bool out_of_memory = false;
  bool over_time_limit = false;
  bool by_our_kill = false;
  bool unseen = false;  ///< nobody watched it die (its supervisor is gone too)
  std::string words() const;
};

/// A job in the agent's hands: what waits, who runs it, what to write when it is over. The agent owns the
/// chunk 0 of the job, all its tasks, at one generation; inside an allocation, the chunk of its part.
class RunningJob {
 public:
  /// What admitting a job comes to.
  enum class Admission : std::uint8_t { run, settled, not_ours, missing, broken };
  struct Admitted {
    Admission admission = Admission::missing;
    std::unique_ptr<RunningJob> job;  ///< with run
    std::string problem;              ///< with broken
  };
  /// Takes the job up: claims the next generation and queues the tasks without an outcome.
  static Admitted admit(std::shared_ptr<share::Place> place, const std::string& id,
                        system::Processes& processes, const std::optional<Part>& part = {});

  [[nodiscard]] const std::string& id() const { return directory_->id(); }
  [[nodiscard]] share::JobDirectory& directory() { return *directory_; }
  [[nodiscard]] const share::Manifest& manifest() const { return tasks_->manifest(); }
  /// Which warm parents can run it.
  [[nodiscard]] const std::string& host_key() const { return host_key_; }
  [[nodiscard]] worker::StartSpec start_spec(const std::string& own_command) const;
  [[nodiscard]] std::uint64_t core_limit(std::uint64_t machine) const;
  [[nodiscard]] share::WorkerKey next_worker() { return {chunk_, generation_, ++workers_started_}; }

  /// Sees new requests and, in a growing job, new tasks.
  Result<void> look();
  [[nodiscard]] bool canceling() const { return canceling_; }
  [[nodiscard]] bool stopping() const { return stopping_ || canceling_; }
  /// The allocation ends soon: workers finish the task in hand, the rest is left to a continuation.
  void drain();
  [[nodiscard]] bool draining() const { return draining_; }
  /// Tasks of ours that are left to a continuation.
  [[nodiscard]] bool has_rest() const { return has_rest_; }
  /// The worker's task in hand has run for most of the allocation, which is at its end: a further one would
  /// be no better. Otherwise the task is left to a continuation, uncounted.
  [[nodiscard]] Result<void> end_of_allocation(const share::WorkerKey& worker, std::int64_t began_ns);
  /// No task will be added: the last range a worker gets may be its last.
  [[nodiscard]] bool complete() const { return tasks_->closed(); }

  /// A worker reported a range. `done` tasks of it have outcomes; the rest goes back to the queue.
  void range_done(const TaskRange& range, std::uint64_t done, std::uint64_t failed, std::uint64_t elapsed_us);
  /// A worker ended while it held `range` (or none). Reads what it recorded; the rest runs again or is
  /// given up.
  Result<void> worker_lost(const share::WorkerKey& worker, const std::optional<TaskRange>& range,
                           const WorkerEnd& end);
  /// No worker can be started at all: every waiting task gets that as its outcome.
  Result<void> fail_waiting(const std::string& why);

  /// How many tasks it ever had: a large job leaves memory to give back.
  [[nodiscard]] std::uint64_t queue_peak() const { return queued_total_; }

  /// True when nothing of it runs or waits.
  [[nodiscard]] bool over() const;
  /// Writes what settles it: the seal, or the verdict of a cancel. Call when over().
  Result<void> settle();

  TaskQueue queue;
  PieceSize piece;
  std::set<WorkerHost*> workers;  ///< hosts whose worker has this job
  /// Workers of an earlier agent that still live: they finish the task they hold.
  struct Orphan {
    share::WorkerKey key;
    system::ProcessId process;
    int exit_handle = -1;
  };
  std::vector<Orphan> orphans;
  Result<void> orphan_ended(std::size_t index);
  std::int64_t hold_until = 0;  ///< monotonic ns: not handed out before (disk full at the worker)

 private:
  RunningJob() = default;
  Result<void> take_part(const Part& part);
  [[nodiscard]] bool is_mine(std::uint64_t task) const;
  void queue_all();
  Result<void> look_around();
  Result<void> settle_part();
  Result<void> claim(system::Processes& processes);
  Result<void> claim_next(system::Processes& processes);
  Result<void> take_over(system::Processes& processes, share::Claim& claim);
  void forget_orphans();
  void queue_missing(const share::OutcomeIndex& index, const std::set<std::uint64_t>& held);
  Result<void> take_requests();
  Result<void> cancel_tasks(const share::Request& request);
  Result<journal::LogWriter*> own_log();
  Result<void> record_failure(std::uint64_t task, std::uint32_t attempt, FailureCause cause,
                              const std::string& type, const std::string& message);
  Result<void> lose_start(std::uint64_t task, std::uint32_t attempt, const WorkerEnd& end);
  Result<void> vouch(const share::WorkerKey& worker);
  /// Somebody has deleted the job's directory.
  [[nodiscard]] bool is_removed() const;
  [[nodiscard]] Result<std::vector<bool>> recorded(const share::WorkerKey& worker, const TaskRange& range);
  Result<void> end_current_task(const TaskRange& one, const WorkerEnd& end);
  Result<void> settle_canceled(share::OutcomeIndex& index);
  Result<void> seal(share::OutcomeIndex* index);

  std::shared_ptr<share::Place> place_;
  std::unique_ptr<share::JobDirectory> directory_;
  share::TaskSource* tasks_ = nullptr;
  std::string host_key_;
  std::uint32_t chunk_ = 0;
  std::uint32_t generation_ = 0;
  bool in_allocation_ = false;
  bool first_submission_ = true;
  std::optional<share::TaskRuns> own_tasks_;  ///< nothing: all of the job
  bool draining_ = false;
  bool has_rest_ = false;
  std::vector<std::string> allocation_environment_;
  std::uint32_t workers_started_ = 0;
  std::uint64_t queued_total_ = 0;  ///< tasks below this were queued at least once
  std::uint64_t values_ = 0;
  std::uint64_t failures_ = 0;
  bool exact_ = true;  ///< the two counts are everything: one generation, no loss, no request
  std::uint32_t requests_seen_ = 0;
  bool canceling_ = false;
  bool stopping_ = false;
  std::map<std::uint64_t, share::OutcomeIndex::Lost> lost_;
  std::uint32_t starts_without_task_ = 0;
  std::unique_ptr<journal::LogWriter> own_log_;
};

}  // namespace errand::engine::local
