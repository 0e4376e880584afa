// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "errand/encoding.h"
#include "errand/error.h"
#include "errand/job_result.h"
#include "share/task_source.h"

namespace errand::worker {

/// How one language (or a program) runs a task. The worker loop knows nothing else about it.
class TaskRunner {
 public:
  virtual ~TaskRunner() = default;
  /// Once, before the first task of the job, in the worker. An error fails every task with
  /// FailureCause::not_startable and the error's message.
  virtual Result<void> prepare(const share::TaskSource& job) = 0;
  /// Runs one task: a value through `sink`, or the failure. Must not throw, except std::system_error
  /// from the sink, which it lets pass. Output buffers of its language are flushed when it returns.
  virtual std::optional<TaskFailure> run(std::uint64_t task, std::uint32_t attempt,
                                         std::span<const std::byte> arguments, ValueSink& sink) = 0;
};

using MakeRunner = std::function<std::unique_ptr<TaskRunner>()>;

/// What a language does in a worker beside running tasks. Each may be empty.
struct WorkerHooks {
  std::function<void()> after_fork;  ///< before anything else, in a forked worker
  std::function<void()> while_idle;  ///< once, in a worker that waits for its job
  std::function<void()> rehearse;    ///< once, at the beginning, in a worker whose job is not there yet
};

/// The life of a worker process: waits on `channel` for a job, runs its ranges, ends. Returns the exit
/// code for _exit.
[[nodiscard]] int run_worker(int channel, MakeRunner make_runner, const WorkerHooks& hooks = {});

/// The life of a warm parent: says hello on `control`, forks a worker for every request, reports its end.
/// Returns when the supervisor is gone. The process must have one thread.
[[nodiscard]] int run_warm_parent(int control, MakeRunner make_runner, const WorkerHooks& hooks = {});

/// The life of a supervisor: see protocol.h. `control` leads to the agent.
[[nodiscard]] int run_supervisor(int control);

}  // namespace errand::worker
