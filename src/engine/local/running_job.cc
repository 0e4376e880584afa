// SPDX-License-Identifier: Apache-2.0
#include "engine/local/running_job.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>

#include "engine/local/world.h"
#include "system/try.h"

namespace errand::engine::local {

std::string WorkerEnd::words() const {
  if (unseen) return "its worker ended unseen";
  if (WIFSIGNALED(wait_status)) {
    int number = WTERMSIG(wait_status);
    std::string text = "killed by signal " + std::to_string(number);
    if (out_of_memory) return "out of memory, " + text;
    const char* name = sigdescr_np(number);
    return name == nullptr ? text : text + " (" + name + ")";
  }
  return "its process ended with exit code " + std::to_string(WEXITSTATUS(wait_status)) +
         " in the middle of the task";
}

worker::StartSpec RunningJob::start_spec(const std::string& own_command) const {
  worker::StartSpec spec;
  spec.fork = manifest().worker.fork;
  for (const std::string& word : manifest().worker.argv) {
    if (word == "@program") {
      spec.argv.push_back(place_->files().absolute(directory_->path() + "/program"));
    } else {
      spec.argv.push_back(word == "@errand" ? own_command : word);
    }
  }
  spec.environment = manifest().environment;
  spec.environment.push_back(place_mark(*place_));
  if (const char* launchpad = getenv(std::string(share::launchpad_variable).c_str())) {
    spec.environment.push_back(std::string(share::launchpad_variable) + "=" + launchpad);
  }
  spec.environment.insert(spec.environment.end(), allocation_environment_.begin(),
                          allocation_environment_.end());
  return spec;
}

std::uint64_t RunningJob::core_limit(std::uint64_t machine) const {
  const ComputeContext& context = manifest().context;
  if (context.sequential) return 1;
  return context.cores > 0 ? static_cast<std::uint64_t>(context.cores) : machine;
}

Result<void> RunningJob::look() {
  TRY_VOID(directory_->refresh());
  TRY_VOID(take_requests());
  if (in_allocation_) TRY_VOID(look_around());
  if (draining_ || stopping() || tasks_->closed()) return {};
  TRY_VOID(tasks_->refresh());
  if (tasks_->total() > queued_total_) {
    queue.add({queued_total_, tasks_->total() - queued_total_, 0});
    queued_total_ = tasks_->total();
  }
  return {};
}

Result<void> RunningJob::take_requests() {
  for (; requests_seen_ < directory_->requests(); ++requests_seen_) {
    exact_ = false;
    TRY(share::Request request, directory_->request(requests_seen_ + 1));
    if (request.kind == share::Request::Kind::cancel) {
      canceling_ = true;
      queue.clear();
    } else if (request.kind == share::Request::Kind::cancel_tasks) {
      TRY_VOID(cancel_tasks(request));
    }
    // A retry is asked of a settled job and is seen when the job is admitted again.
  }
  return {};
}

Result<void> RunningJob::cancel_tasks(const share::Request& request) {
  TRY_VOID(tasks_->refresh());
  if (!stopping() && tasks_->total() > queued_total_) {
    queue.add({queued_total_, tasks_->total() - queued_total_, 0});
    queued_total_ = tasks_->total();
  }
  for (auto [first, last] : request.tasks) {
    for (std::uint64_t task = first; task < last; ++task) {
      auto waiting = queue.remove(task);
      if (!waiting) continue;  // it runs or has ended: it goes its way
      TRY_VOID(record_failure(task, waiting->attempt, FailureCause::canceled, "canceled",
                              "canceled before it started"));
    }
  }
  return own_log_ ? own_log_->sync() : Result<void>();
}

void RunningJob::range_done(const TaskRange& range, std::uint64_t done, std::uint64_t failed,
                            std::uint64_t elapsed_us) {
  done = std::min(done, range.count);
  failures_ += failed;
  values_ += done - std::min(failed, done);
  piece.learn(done, elapsed_us);
  if (failed > 0 && !manifest().continue_on_failure) {
    stopping_ = true;
    queue.clear();
  }
  if (draining_ && done < range.count) has_rest_ = true;
  if (!stopping() && !draining_) queue.add({range.first + done, range.count - done, range.attempt});
}

bool RunningJob::over() const {
  bool nothing_runs = workers.empty() && orphans.empty();
  return nothing_runs && queue.empty() && (stopping() || draining_ || complete());
}

Result<journal::LogWriter*> RunningJob::own_log() {
  if (!own_log_) {
    share::WorkerKey key{chunk_, generation_, 0};
    TRY(auto file, place_->files().create(directory_->path() + "/" + share::log_name(key)));
    own_log_ = std::make_unique<journal::LogWriter>(std::move(file));
    journal::FileHeader header;
    header.kind = "log";
    header.job = id();
    header.chunk = chunk_;
    header.generation = generation_;
    own_log_->add_file_header(header);
    TRY_VOID(own_log_->flush());
    TRY_VOID(place_->files().sync_directory(directory_->path()));
  }
  return own_log_.get();
}

Result<void> RunningJob::record_failure(std::uint64_t task, std::uint32_t attempt, FailureCause cause,
                                        const std::string& type, const std::string& message) {
  TRY(journal::LogWriter * log, own_log());
  TaskFailure failure;
  failure.type = type;
  failure.message = message;
  std::string bytes = journal::encode_failure(failure);
  journal::Outcome outcome;
  outcome.task = task;
  outcome.attempt = attempt;
  outcome.cause = cause;
  outcome.codec = Codec::msgpack;
  outcome.inline_bytes = std::as_bytes(std::span(bytes));
  log->add(outcome);
  ++failures_;
  // A user's failure stops the job if so asked; a task lost to the machine does not.
  bool stops = cause == FailureCause::time_limit || cause == FailureCause::user_error;
  if (stops && !manifest().continue_on_failure) {
    stopping_ = true;
    queue.clear();
  }
  return {};
}

Result<void> RunningJob::fail_waiting(const std::string& why) {
  while (!queue.empty()) {
    TaskRange range = queue.take(1);
    TRY_VOID(record_failure(range.first, range.attempt, FailureCause::not_startable, "not startable", why));
  }
  return own_log_ ? own_log_->sync() : Result<void>();
}

}  // namespace errand::engine::local
