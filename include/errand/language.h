// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "errand/compute_context.h"
#include "errand/encoding.h"
#include "errand/exec.h"
#include "errand/growing_job.h"
#include "errand/job.h"

/// What front ends in other languages stand on: the language brings a way to run one task and bytes for
/// its functions and arguments; jobs, workers, files and verbs are errand's. The verbs of job.h take the
/// jobs made here; results come as EncodedValue, or through detail::visit_results.
namespace errand::language {

/// What a worker is told about the job that it runs. The spans live as long as the runner.
struct JobInput {
  std::string id;
  std::string place;  ///< the share directory's path
  std::string language;
  std::string function_name;
  Codec function_codec = Codec::none;
  std::span<const std::byte> function;  ///< the function's own bytes; empty if it travels by name
  Codec arguments_codec = Codec::none;
  std::span<const std::byte> arguments;  ///< what all tasks share
  std::optional<std::uint64_t> seed;
  ComputeContext context;  ///< packages_to_load, task_memory_limit ...
};

/// How one language runs a task. One per job and worker process, called by one thread.
class Runner {
 public:
  virtual ~Runner() = default;
  /// Once, before the first task, with the job's directory, variables, limits and console in force. An
  /// error fails every task with FailureCause::not_startable and the error's message.
  virtual Result<void> prepare(const JobInput& job) = 0;
  /// Runs one task: a value through `sink`, or the failure. Must not throw, except std::system_error
  /// from the sink, which it lets pass. The language's output buffers are flushed when it returns.
  /// A failure's `task` and `attempt` are filled in by the caller.
  virtual std::optional<TaskFailure> run(std::uint64_t task, std::uint32_t attempt,
                                         std::span<const std::byte> arguments, ValueSink& sink) = 0;
};

using MakeRunner = std::function<std::unique_ptr<Runner>()>;

/// The descriptor on which a process started with Call::worker finds its supervisor.
inline constexpr int control_descriptor = 3;

/// What a language does in a worker beside running tasks. Each may be empty.
struct WorkerHooks {
  /// Before anything else, in each forked worker: reseed what was seeded.
  std::function<void()> after_fork;
  /// Once, in a worker that has waited some 20 ms for its job: load what tasks will want. Such a worker is
  /// never forked. A job that comes meanwhile waits for the return.
  std::function<void()> while_idle;
  /// Once, at the beginning, in a worker whose job is not there yet: does with a job of no meaning what a
  /// worker does with one, and leaves no trace of it. A forked process pays for each page that it writes to
  /// first, and an interpreter writes to hundreds for the smallest task: they are its own then when the job
  /// comes.
  std::function<void()> rehearse;
};

/// The life of a process that a supervisor started to run tasks: a warm parent that forks a worker for
/// every job and is told so by its exit code 0, or one worker. Returns the exit code for the process.
/// The process must have one thread if workers are to be forked; with more it is never forked, and each
/// worker is a process of its own. In a forked worker this never returns: the process ends by _exit.
[[nodiscard]] int run_workers(const MakeRunner& make_runner, const WorkerHooks& hooks = {});

/// Makes `path` the errand command that runs agents and supervisors for this process's submissions, when
/// ERRAND_COMMAND does not name one. Thread-safe.
void use_command(const std::string& path);

/// The names of engine_options that an engine understands, in alphabetical order; empty: none.
/// Errors: not_supported (there is no such engine).
[[nodiscard]] Result<std::vector<std::string>> engine_options(const std::string& engine);

/// A call in another language. All bytes are the language's own and come back in JobInput.
struct Call {
  std::string language;  ///< "python", "r": recorded, shown, compared by the worker
  /// The command that becomes a worker, an absolute path first: it calls run_workers.
  std::vector<std::string> worker;
  bool fork = true;           ///< workers are forked from one such process; false: each is one of its own
  std::string function_name;  ///< for people
  std::string signature;      ///< likewise: language and version that wrote the bytes
  std::string result_type;    ///< likewise; may be empty
  Codec function_codec = Codec::none;
  std::string function;
  Codec arguments_codec = Codec::none;
  std::string arguments;  ///< what all tasks share
  std::uint64_t tasks = 1;
  /// Appends one task's own bytes; unset if there are none. Called for 0 .. tasks - 1 in order.
  std::function<void(std::uint64_t task, std::string& out)> encode_task;
};

/// Submits and returns at once, in a waiting context too. options.times is not looked at. No tasks: a job
/// that is finished already. Errors, with nothing left behind: those of exec; invalid_argument (a worker
/// command that is no absolute path of a program).
[[nodiscard]] Result<JobRef> submit(const ComputeContext& context, const Call& call,
                                    const ExecOptions& options = {});

/// Opens a growing job; call.tasks and call.encode_task are not looked at. Errors: as submit.
[[nodiscard]] Result<std::unique_ptr<detail::TaskAppender>> open_growing(const ComputeContext& context,
                                                                         const Call& call,
                                                                         const ExecOptions& options = {});
/// Takes one up again by its id. Errors: exists (another process holds it), job_missing, job_canceled.
[[nodiscard]] Result<std::unique_ptr<detail::TaskAppender>> reopen_growing(const JobRef& job);

/// The outcomes of a job as they come, growing or not, in any process. One thread at a time.
class OutcomeStream {
 public:
  virtual ~OutcomeStream() = default;
  /// Hands every outcome that has become durable to `visitor`, each once, and waits for at least one.
  /// False: all were handed out (then done() is true), or the time is over. Errors: job_missing;
  /// job_canceled and job_failed, if it ended with tasks undone.
  virtual Result<bool> next(detail::OutcomeVisitor& visitor,
                            std::optional<std::chrono::milliseconds> timeout) = 0;
  [[nodiscard]] virtual bool done() const = 0;
};

/// Errors: those of find_job; job_missing.
[[nodiscard]] Result<std::unique_ptr<OutcomeStream>> follow_outcomes(const JobRef& job);

/// The function's own bytes of a job, as Call::function gave them; the codec is none if it travelled by
/// name. Errors: as find_job; job_missing, job_canceled (a cancel removed them).
[[nodiscard]] Result<EncodedValue> read_function(const JobRef& job);

}  // namespace errand::language
