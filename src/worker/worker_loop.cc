// SPDX-License-Identifier: Apache-2.0
#include <poll.h>

#include <cstdio>
#include <memory>
#include <utility>

#include "system/descriptor.h"
#include "system/try.h"
#include "worker/exit_code.h"
#include "worker/job_run.h"
#include "worker/protocol.h"
#include "worker/task_runner.h"

namespace errand::worker {
namespace {

/// How long the agent may take to answer a finished range before the worker takes it for idle. An agent with
/// more to give answers in microseconds, and then the disk need not be waited for.
constexpr int answer_patience_ms = 1;

/// A worker whose job has not come by now is a spare that is kept for later.
constexpr int spare_after_ms = 20;

/// Between messages: what to do with the process.
enum class Next : std::uint8_t { wait, end };

class WorkerLoop {
 public:
  WorkerLoop(int channel, MakeRunner make_runner) : channel_(channel), make_runner_(std::move(make_runner)) {}

  /// Until the agent has nothing more, or is gone. Errors: outcomes cannot be recorded.
  Result<void> run();

 private:
  Result<Next> take(const Message& message);
  Result<void> open(const Message& message);
  Result<Next> run_range(const Message& message);
  Result<void> close();
  /// The range that was the last for now may not have been given as such: another worker took what waited
  /// behind it. Somebody may be waiting for its outcomes to be durable.
  Result<void> drain_if_idle();
  /// Nobody may be there to hear it; the next receive finds out.
  void tell(const Message& message) { (void)send(channel_, message); }

  int channel_;
  MakeRunner make_runner_;
  std::unique_ptr<JobRun> job_;
};

Result<void> WorkerLoop::run() {
  while (true) {
    TRY_VOID(drain_if_idle());
    auto message = receive(channel_, /*wait=*/true);
    if (!message) return job_ ? job_->close() : Result<void>();
    system::Descriptor unexpected((*message)->descriptor);
    TRY(Next next, take(**message));
    if (next == Next::end) return {};
  }
}

Result<Next> WorkerLoop::take(const Message& message) {
  switch (message.type) {
    case MessageType::job:
      if (!job_) TRY_VOID(open(message));
      return run_range(message);
    case MessageType::range:
      return job_ ? run_range(message) : Result<Next>(Next::wait);
    case MessageType::finish:
      if (job_) TRY_VOID(close());
      return Next::end;
    default:
      return Next::wait;
  }
}

Result<void> WorkerLoop::open(const Message& message) {
  std::size_t line = message.text.find('\n');
  if (line == message.text.npos) {
    return Error{ErrorCode::invalid_argument, "a job message without place and id", false, {}, 0};
  }
  share::WorkerKey key{static_cast<std::uint32_t>(message.numbers[0]),
                       static_cast<std::uint32_t>(message.numbers[1]),
                       static_cast<std::uint32_t>(message.numbers[2])};
  TRY(job_, JobRun::open(message.text.substr(0, line), message.text.substr(line + 1), key, channel_,
                         make_runner_()));
  return {};
}

Result<Next> WorkerLoop::run_range(const Message& message) {
  JobRun::Range range{static_cast<std::uint64_t>(message.numbers[3]),
                      static_cast<std::uint64_t>(message.numbers[4]),
                      static_cast<std::uint32_t>(message.numbers[5])};
  TRY(JobRun::Done ran, job_->run(range));
  bool last = (message.flags & range_last) != 0;
  if (last) {
    TRY_VOID(job_->close());
  } else {
    TRY_VOID((message.flags & range_drain) != 0 ? job_->sync() : job_->flush());
  }
  Message done{MessageType::done, last ? done_closed : std::uint16_t{0}, {}, {}, -1};
  done.numbers = {0,
                  0,
                  0,
                  message.numbers[3],
                  static_cast<std::int64_t>(ran.count),
                  static_cast<std::int64_t>(ran.failed),
                  ran.elapsed_ns / 1000};
  tell(done);
  if (last) tell({MessageType::closed, 0, {}, {}, -1});
  return last ? Next::end : Next::wait;
}

Result<void> WorkerLoop::drain_if_idle() {
  if (!job_) return {};
  pollfd answer{channel_, POLLIN, 0};
  return poll(&answer, 1, answer_patience_ms) == 0 ? job_->sync() : Result<void>();
}

Result<void> WorkerLoop::close() {
  TRY_VOID(job_->close());
  tell({MessageType::closed, 0, {}, {}, -1});
  return {};
}

}  // namespace

int run_worker(int channel, MakeRunner make_runner, const WorkerHooks& hooks) {
  system::Descriptor kept = system::keep_high(system::Descriptor(channel));
  pollfd job{kept.get(), POLLIN, 0};
  if (hooks.rehearse && poll(&job, 1, 0) == 0) hooks.rehearse();
  if (hooks.while_idle && poll(&job, 1, spare_after_ms) == 0) hooks.while_idle();
  WorkerLoop loop(kept.get(), std::move(make_runner));
  auto ended = loop.run();
  if (ended) return exit_done;
  // The agent's log, or the job's console: somebody will look for the reason there.
  std::fprintf(stderr, "errand: the worker ends, its tasks will be run again: %s\n",
               ended.error().message.c_str());
  return exit_cannot_record;
}

}  // namespace errand::worker
