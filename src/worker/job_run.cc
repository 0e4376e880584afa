// SPDX-License-Identifier: Apache-2.0
#include "worker/job_run.h"

#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <limits>
#include <system_error>
#include <utility>

#include "system/clock.h"
#include "system/processes.h"
#include "system/try.h"
#include "worker/patient_file.h"
#include "worker/progress_file.h"
#include "worker/ticks.h"

namespace errand::worker {
namespace {

/// Set in a process that a task forked. If it comes back to us, it must not go on as a second worker.
bool is_forked_copy = false;

Result<void> enter_directory(const std::string& path) {
  if (path.empty() || chdir(path.c_str()) == 0) return {};
  int number = errno;
  std::string host = system::system_processes().self().host;
  if (number == ENOENT || number == ENOTDIR) {
    return Error{
        ErrorCode::not_found, "the working directory " + path + " does not exist on " + host, false, {}, 0};
  }
  Error error = system::os_error(number, "cannot enter the working directory", path, /*writing=*/false);
  error.message += " on " + host;
  return error;
}

void limit_memory(std::uint64_t bytes) {
  if (bytes == 0) return;
  rlimit limit{bytes, bytes};
  setrlimit(RLIMIT_DATA, &limit);
}

std::uint32_t saturated_us(std::int64_t elapsed_ns) {
  constexpr auto most = std::int64_t{std::numeric_limits<std::uint32_t>::max()};
  return static_cast<std::uint32_t>(std::min(elapsed_ns / 1000, most));
}

TaskFailure not_startable(const Error& refusal) {
  TaskFailure failure;
  failure.cause = FailureCause::not_startable;
  failure.type = std::string(to_string(refusal.code));
  failure.message = refusal.message;
  return failure;
}

/// Recorded only if the sink knows nothing of it.
TaskFailure sink_refused(const std::system_error& thrown) {
  TaskFailure failure;
  failure.type = "std::system_error";
  failure.message = thrown.what();
  return failure;
}

bool peer_is_gone(int channel) {
  pollfd asked{channel, POLLRDHUP, 0};
  return poll(&asked, 1, 0) > 0 && (asked.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

/// A child of a task that returned instead of ending: it ends as a process does, without our records.
[[noreturn]] void end_copy() {
  std::fflush(nullptr);
  _exit(0);
}

}  // namespace

JobRun::JobRun(std::shared_ptr<share::Place> place, share::WorkerKey key, int channel,
               std::unique_ptr<TaskRunner> runner)
    : place_(std::move(place)),
      key_(key),
      channel_(channel),
      runner_(std::move(runner)),
      values_([this] { return open_values(); }),
      sink_(values_) {}

Result<std::unique_ptr<JobRun>> JobRun::open(const std::string& place_path, const std::string& id,
                                             const share::WorkerKey& key, int channel,
                                             std::unique_ptr<TaskRunner> runner) {
  TRY(auto place, share::Place::open(place_path, /*create=*/false));
  place->heed_launchpad();
  std::unique_ptr<JobRun> run(new JobRun(std::move(place), key, channel, std::move(runner)));
  TRY_VOID(run->open_files(id));
  pthread_atfork(nullptr, nullptr, [] { is_forked_copy = true; });
  if (auto prepared = run->prepare(); !prepared) run->refusal_ = std::move(prepared).error();
  return run;
}

Result<void> JobRun::open_files(const std::string& id) {
  system::Files& files = place_->files();
  path_ = share::job_path(id);
  TRY(source_, share::TaskSource::open(files, path_, place_->trusted()));
  const share::Manifest& manifest = source_->manifest();
  ends_with_failure_ = !manifest.continue_on_failure;
  TRY(page_, create_progress_page(files, path_ + "/" + share::progress_name(key_)));
  log_ = std::make_unique<OutcomeLog>(files, path_, key_, page_);
  TRY_VOID(log_->create(id));
  TRY(console_,
      Console::open(files, path_ + "/" + share::console_name(key_), manifest.context.console_limit, page_));
  environment_.emplace(id);
  return {};
}

Result<void> JobRun::prepare() {
  const share::Manifest& manifest = source_->manifest();
  umask(static_cast<mode_t>(manifest.umask));
  TRY_VOID(enter_directory(manifest.working_directory));
  TRY_VOID(runner_->prepare(*source_));
  limit_memory(manifest.context.task_memory_limit);
  return {};
}

Result<std::unique_ptr<system::File>> JobRun::open_values() const {
  TRY(auto file, place_->files().open_append(path_ + "/" + share::values_name(key_)));
  return std::unique_ptr<system::File>(std::make_unique<PatientFile>(std::move(file)));
}

Result<JobRun::Done> JobRun::run(const Range& range) {
  if (range.first + range.count > source_->total()) TRY_VOID(source_->refresh());
  environment_->install();
  console_->begin_range();
  std::int64_t begin = system::system_clock().monotonic_ns();
  now_ns_ = begin;
  failed_ = 0;
  // An earlier range may have been cut short by a stop; an agent that is gone shows at its channel.
  page_->stop = 0;
  Done done;
  for (; done.count < range.count; ++done.count) {
    // Announced before the stop is looked for: whoever stops us and then reads the page knows which task
    // is still ours.
    announce(range.first + done.count, range.attempt);
    if (must_stop()) break;
    TRY_VOID(run_task(range.first + done.count, range.attempt));
  }
  done.failed = failed_;
  done.elapsed_ns = now_ns_ - begin;
  return done;
}

void JobRun::announce(std::uint64_t task, std::uint32_t attempt) {
  page_->task_started.store(now_ns_, std::memory_order_relaxed);
  page_->current_attempt.store(attempt, std::memory_order_relaxed);
  page_->current_task.store(task, std::memory_order_seq_cst);
}

bool JobRun::must_stop() const {
  return page_->stop.load(std::memory_order_seq_cst) != 0 || agent_gone_ ||
         (ends_with_failure_ && failed_ != 0);
}

Result<void> JobRun::run_task(std::uint64_t task, std::uint32_t attempt) {
  if (log_->begin_task()) now_ns_ = system::system_clock().monotonic_ns();
  environment_->set(task, attempt);
  std::int64_t start = now_ns_;
  auto failure = run_unrecorded(task, attempt);
  if (is_forked_copy) end_copy();
  now_ns_ = system::system_clock().monotonic_ns();
  // From here on nothing that happens is the task's fault.
  page_->current_task.store(share::ProgressPage::no_task, std::memory_order_release);
  journal::Outcome outcome;
  outcome.task = task;
  outcome.attempt = attempt;
  outcome.elapsed_us = saturated_us(now_ns_ - start);
  outcome.console = console_->end_task(task_ticks_);
  outcome.usage = usage_.measure(now_ns_ - start);
  return record(outcome, failure);
}

std::optional<TaskFailure> JobRun::run_unrecorded(std::uint64_t task, std::uint32_t attempt) {
  sink_.reset();
  task_ticks_ = std::numeric_limits<std::uint64_t>::max();
  if (refusal_) return not_startable(*refusal_);
  auto arguments = source_->task(task);
  if (!arguments) return not_startable(arguments.error());
  std::uint64_t begin = read_ticks();
  try {
    auto failure = runner_->run(task, attempt, *arguments, sink_);
    task_ticks_ = read_ticks() - begin;
    return failure;
  } catch (const std::system_error& thrown) {
    return sink_refused(thrown);
  }
}

Result<void> JobRun::record(journal::Outcome& outcome, const std::optional<TaskFailure>& failure) {
  // Asked in every case: a function may have swallowed the exception that said so.
  TRY_VOID(sink_.finish());
  if (failure) {
    outcome.cause = failure->cause;
    failure_bytes_ = journal::encode_failure(*failure);
    outcome.inline_bytes = std::as_bytes(std::span<const char>(failure_bytes_));
    outcome.codec = Codec::msgpack;
    ++failed_;
  } else {
    sink_.describe(outcome);
  }
  TRY(bool took_time, log_->record(outcome, now_ns_));
  if (took_time) {
    usage_.mark();
    agent_gone_ = peer_is_gone(channel_);
    now_ns_ = system::system_clock().monotonic_ns();
  }
  return {};
}

Result<void> JobRun::close() {
  TRY_VOID(log_->close());
  page_->closed.store(1, std::memory_order_release);
  return {};
}

}  // namespace errand::worker
