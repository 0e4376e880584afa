// SPDX-License-Identifier: Apache-2.0
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <utility>

#include "system/clock.h"
#include "system/processes.h"
#include "worker/oom_kills.h"
#include "worker/supervisor.h"

/// What a supervisor does about its warm parent and its worker.
namespace errand::worker {
namespace {

using system::Descriptor;

/// A warm parent that dies this often without having made one worker that ended is not started again.
constexpr int most_failed_starts = 5;

std::string describe_status(int status) {
  if (!WIFSIGNALED(status)) return "ended with exit code " + std::to_string(WEXITSTATUS(status));
  return "was killed by signal " + std::to_string(WTERMSIG(status));
}

Descriptor open_handle(std::int32_t pid) {
  return system::keep_high(Descriptor(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))));
}

void send_signal(std::int32_t pid, const Descriptor& handle, int number) {
  if (handle) {
    syscall(SYS_pidfd_send_signal, handle.get(), number, nullptr, 0);
  } else {
    system::system_processes().signal(pid, number);
  }
}

}  // namespace

void Supervisor::provide_spare() {
  if (worker_ || offered_ || broken_) return;
  if (!control_) {
    state_ = State::retired;
  } else if (!warm_->forks()) {
    spawn_spare();
  } else if (!warm_->is_running()) {
    start_warm_parent();
  } else if (warm_->is_ready()) {
    request_spare();
  }
}

void Supervisor::start_warm_parent() {
  if (warm_->pid() != 0) return;  // the one before has not ended yet
  if (auto started = warm_->start(); !started) return give_up(started.error().message);
  hello_deadline_ = std::chrono::steady_clock::now() + WarmLink::hello_patience;
}

void Supervisor::request_spare() {
  auto ends = make_channel();
  if (!ends) return give_up(ends.error().message);
  offered_ = Descriptor((*ends)[0]);
  Descriptor theirs((*ends)[1]);
  // If the parent is gone its end tells us, and withdraws the offer.
  (void)warm_->request_fork(theirs.get());
}

void Supervisor::spawn_spare() {
  auto ends = make_channel();
  if (!ends) return give_up(ends.error().message);
  offered_ = Descriptor((*ends)[0]);
  Descriptor theirs((*ends)[1]);
  auto pid = warm_->spawn_worker(theirs.get());
  if (!pid) return give_up(pid.error().message);
  offer_spare(*pid);
}

void Supervisor::offer_spare(std::int32_t pid) {
  worker_.emplace(Worker{pid, open_handle(pid)});
  tell_agent({MessageType::spare, 0, {pid}, {}, offered_.get()});
  offered_.reset();
}

void Supervisor::begin_busy(const Message& message) {
  if (!worker_ || worker_->pid != message.numbers[0]) return;  // it has ended meanwhile
  std::size_t line = message.text.find('\n');
  if (line == message.text.npos) return;
  WorkerWatch::Orders orders;
  orders.progress_path = message.text.substr(0, line);
  orders.console_path = message.text.substr(line + 1);
  orders.time_limit_ns = message.numbers[1] * 1'000'000;
  orders.console_limit = static_cast<std::uint64_t>(message.numbers[2]);
  oom_kills_before_ = count_oom_kills();
  std::int64_t now = system::system_clock().monotonic_ns();
  watch_.begin(std::move(orders), now);
  arm(watch_.tick(now));
}

void Supervisor::kill_worker() {
  if (worker_) send_signal(worker_->pid, worker_->handle, SIGKILL);
}

// The children of a dead worker are ours now; those of the warm parent are none of its doing.
void Supervisor::kill_leftovers() {
  std::vector<std::int32_t> spared;
  if (warm_->pid() != 0) spared.push_back(warm_->pid());
  system::kill_descendants(system::system_processes(), getpid(), spared);
}

Message Supervisor::describe_end(int status) {
  auto task = watch_.current();
  std::int64_t flags = 0;
  if (killed_on_request_) {
    flags = ended_by_kill;
  } else if (over_limit_) {
    // If it was just in time after all, it was we who killed the worker, and no task is to blame.
    flags = over_limit_ == task ? ended_time_limit : ended_by_kill;
  } else if (watch_.is_active() && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL &&
             count_oom_kills() > oom_kills_before_) {
    flags = ended_out_of_memory;
  }
  Message ended{MessageType::ended, 0, {}, {}, -1};
  ended.numbers = {worker_->pid, status, flags, task ? static_cast<std::int64_t>(task->index) : -1,
                   task ? task->attempt : 0};
  return ended;
}

void Supervisor::worker_ended(int status) {
  Message ended = describe_end(status);
  worker_.reset();
  watch_.end();
  over_limit_.reset();
  killed_on_request_ = false;
  failed_starts_ = 0;
  kill_leftovers();
  tell_agent(ended);
}

void Supervisor::warm_parent_ended(int status) {
  if (warm_->is_running()) hear_warm_parent();
  warm_->forget();
  offered_.reset();
  if (worker_) {
    int worker_status = SIGKILL;  // what it died of, where the parent took the answer along
    pid_t found = waitpid(worker_->pid, &worker_status, WNOHANG);
    if (found != 0) worker_ended(found > 0 ? worker_status : SIGKILL);
  }
  if (!warm_->forks() || broken_) return;
  // SIGKILL is not its own doing: somebody outside, or the kernel for want of memory. Other ends repeat.
  bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  if (!warm_->has_said_hello() && !(killed && failed_starts_ + 1 < most_failed_starts)) {
    return give_up(warm_->program() + " " + describe_status(status) +
                   " before it was ready to run tasks; does its main call errand::init first?");
  }
  if (++failed_starts_ >= most_failed_starts) {
    give_up(warm_->program() + " " + describe_status(status) + " again and again while it waited for tasks");
  }
}

void Supervisor::give_up(const std::string& why) {
  broken_ = true;
  offered_.reset();
  warm_->hang_up();
  // The command may be one that hears nothing.
  if (!worker_) system::kill_descendants(system::system_processes(), getpid(), {});
  tell_agent({MessageType::broken, 0, {}, why, -1});
}

}  // namespace errand::worker
