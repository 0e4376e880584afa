// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "errand/error.h"
#include "journal/value_sink.h"
#include "journal/values_writer.h"
#include "share/names.h"
#include "share/place.h"
#include "share/progress_page.h"
#include "share/task_source.h"
#include "worker/console.h"
#include "worker/outcome_log.h"
#include "worker/task_environment.h"
#include "worker/task_runner.h"
#include "worker/usage_meter.h"

namespace errand::worker {

/// One job in a worker process: opens it, makes the process what the job asks for (directory, variables,
/// limits, console), runs ranges of its tasks and records every outcome.
class JobRun {
 public:
  struct Range {
    std::uint64_t first = 0;
    std::uint64_t count = 0;
    std::uint32_t attempt = 0;
  };
  struct Done {
    std::uint64_t count = 0;  ///< less than asked: told to stop, or a failure of a job that ends with it
    std::uint64_t failed = 0;
    std::int64_t elapsed_ns = 0;
  };

  /// `channel` leads to the agent; its end is looked at between tasks. Errors: the job cannot be read or
  /// its files not be made. What the job asks for and this machine cannot give is no error: every task
  /// fails with it then.
  static Result<std::unique_ptr<JobRun>> open(const std::string& place, const std::string& id,
                                              const share::WorkerKey& key, int channel,
                                              std::unique_ptr<TaskRunner> runner);

  /// Runs the tasks in ascending order. Errors: outcomes cannot be recorded.
  Result<Done> run(const Range& range);
  /// All outcomes so far are recorded.
  Result<void> flush() { return log_->flush(); }
  /// All outcomes so far are durable.
  Result<void> sync() { return log_->sync(); }
  /// Durable, and nothing will follow.
  Result<void> close();

 private:
  JobRun(std::shared_ptr<share::Place> place, share::WorkerKey key, int channel,
         std::unique_ptr<TaskRunner> runner);

  Result<void> open_files(const std::string& id);
  Result<void> prepare();
  Result<void> run_task(std::uint64_t task, std::uint32_t attempt);
  std::optional<TaskFailure> run_unrecorded(std::uint64_t task, std::uint32_t attempt);
  Result<void> record(journal::Outcome& outcome, const std::optional<TaskFailure>& failure);
  void announce(std::uint64_t task, std::uint32_t attempt);
  [[nodiscard]] bool must_stop() const;
  [[nodiscard]] Result<std::unique_ptr<system::File>> open_values() const;

  std::shared_ptr<share::Place> place_;
  const share::WorkerKey key_;
  const int channel_;
  std::unique_ptr<TaskRunner> runner_;
  std::string path_;
  std::unique_ptr<share::TaskSource> source_;
  std::shared_ptr<share::ProgressPage> page_;
  std::unique_ptr<Console> console_;
  std::unique_ptr<OutcomeLog> log_;
  std::optional<TaskEnvironment> environment_;
  journal::ValuesWriter values_;
  journal::StoredValueSink sink_;
  UsageMeter usage_;
  std::optional<Error> refusal_;  ///< why no task can be started
  bool ends_with_failure_ = false;
  bool agent_gone_ = false;
  std::uint64_t failed_ = 0;      ///< of the range that runs
  std::uint64_t task_ticks_ = 0;  ///< what the last task's own code took
  std::int64_t now_ns_ = 0;       ///< when the last task ended: the next one's start
  std::string failure_bytes_;
};

}  // namespace errand::worker
