// SPDX-License-Identifier: Apache-2.0
#include "worker/supervisor.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <utility>
#include <vector>

#include "system/clock.h"
#include "system/processes.h"
#include "worker/oom_kills.h"
#include "worker/task_runner.h"

namespace errand::worker {
namespace {

using system::Descriptor;

std::int64_t supervisor_now_ns() {
  return system::system_clock().monotonic_ns();
}

/// All of a descriptor's bytes from its beginning.
std::string read_whole(int descriptor) {
  std::string bytes;
  std::array<char, 4096> part;
  while (true) {
    ssize_t got = pread(descriptor, part.data(), part.size(), static_cast<off_t>(bytes.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return bytes;
    bytes.append(part.data(), static_cast<std::size_t>(got));
  }
}

Descriptor listen_for_children() {
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, nullptr);
  return system::keep_high(Descriptor(signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK)));
}

/// Reads whatever made the descriptor readable.
void drain(int descriptor) {
  std::array<char, 1024> bytes;
  while (read(descriptor, bytes.data(), bytes.size()) > 0) {
  }
}

}  // namespace

bool Supervisor::set_up() {
  control_ = system::keep_high(std::move(control_));
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  prctl(PR_SET_NAME, "errand-super");
  children_ = listen_for_children();
  timer_ = system::keep_high(Descriptor(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)));
  return children_ && timer_;
}

// The first message must be our orders.
bool Supervisor::take_orders() {
  auto message = receive(control_.get(), /*wait=*/true);
  if (!message || !*message) return false;
  Descriptor file((*message)->descriptor);
  if ((*message)->type != MessageType::start || !file) return false;
  auto spec = decode_start_spec(read_whole(file.get()));
  if (!spec) {
    tell_agent({MessageType::broken, 0, {}, spec.error().message, -1});
    return false;
  }
  outlives_agent_ = spec->outlives_agent;
  warm_.emplace(*std::move(spec));
  return true;
}

int Supervisor::run() {
  if (!set_up() || !take_orders()) return 1;
  while (state_ == State::working) {
    provide_spare();
    if (state_ == State::working) wait_for_events();
  }
  warm_->hang_up();
  system::kill_descendants(system::system_processes(), getpid(), {});
  return 0;
}

int Supervisor::poll_timeout() const {
  if (!warm_->is_running() || warm_->is_ready()) return -1;
  auto left = std::chrono::duration_cast<std::chrono::milliseconds>(hello_deadline_ -
                                                                    std::chrono::steady_clock::now());
  return static_cast<int>(std::max<std::int64_t>(left.count() + 1, 0));
}

void Supervisor::wait_for_events() {
  std::array<pollfd, 4> asked = {pollfd{control_.get(), POLLIN, 0}, pollfd{warm_->descriptor(), POLLIN, 0},
                                 pollfd{children_.get(), POLLIN, 0}, pollfd{timer_.get(), POLLIN, 0}};
  int ready = poll(asked.data(), asked.size(), poll_timeout());
  if (ready < 0) return;
  if (ready == 0) return give_up(warm_->program() + " was started and did not answer");
  if (asked[0].revents != 0) hear_agent();
  if (asked[1].revents != 0 && warm_->is_running()) hear_warm_parent();
  if (asked[2].revents != 0) child_ended();
  if (asked[3].revents != 0) tick();
}

void Supervisor::hear_agent() {
  while (control_ && state_ == State::working) {
    auto message = receive(control_.get(), /*wait=*/false);
    if (!message) return agent_gone();
    if (!*message) return;
    Descriptor unexpected((*message)->descriptor);
    take(**message);
  }
}

void Supervisor::take(const Message& message) {
  switch (message.type) {
    case MessageType::busy:
      return begin_busy(message);
    case MessageType::kill:
      killed_on_request_ = worker_.has_value();
      return kill_worker();
    case MessageType::retire:
      state_ = State::retired;
      return;
    default:
      return;
  }
}

// The worker finishes the task in hand and ends by itself: what it has computed is not thrown away. In an
// allocation that was killed nothing may go on: the scheduler counts these cores as free.
void Supervisor::agent_gone() {
  control_.reset();
  if (!worker_ || !outlives_agent_) {
    state_ = State::retired;
  } else if (watch_.is_active()) {
    arm(supervisor_now_ns());
  }
}

void Supervisor::hear_warm_parent() {
  while (warm_->is_running()) {
    auto message = warm_->receive_next();
    if (!message) return warm_->hang_up();  // the rest is told by its end
    if (!*message) return;
    Descriptor unexpected((*message)->descriptor);
    take_from_warm(**message);
  }
}

void Supervisor::take_from_warm(const Message& message) {
  switch (message.type) {
    case MessageType::hello:
      return warm_->note_hello();
    case MessageType::forked:
      if (message.numbers[0] > 0) return offer_spare(static_cast<std::int32_t>(message.numbers[0]));
      offered_.reset();
      warm_->give_up_forking();
      return warm_->hang_up();
    case MessageType::exited:
      if (worker_ && worker_->pid == message.numbers[0]) worker_ended(static_cast<int>(message.numbers[1]));
      return;
    default:
      return;
  }
}

void Supervisor::child_ended() {
  drain(children_.get());
  std::optional<int> warm_status;
  int status = 0;
  for (pid_t pid = 0; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    if (pid == warm_->pid()) {
      warm_status = status;
    } else if (worker_ && pid == worker_->pid) {
      worker_ended(status);
    }
  }
  if (warm_status) warm_parent_ended(*warm_status);
}

void Supervisor::tick() {
  drain(timer_.get());
  if (!worker_ || !watch_.is_active()) return;
  if (!control_) watch_.request_stop();
  std::int64_t now = supervisor_now_ns();
  if (auto task = watch_.overdue(now); task && !over_limit_) {
    over_limit_ = task;
    kill_worker();
  }
  arm(over_limit_ ? now + WorkerWatch::beat_ns : watch_.tick(now));
}

void Supervisor::arm(std::int64_t at_ns) {
  itimerspec when{};
  at_ns = std::max<std::int64_t>(at_ns, 1);  // 0 would disarm it
  when.it_value.tv_sec = at_ns / 1'000'000'000;
  when.it_value.tv_nsec = at_ns % 1'000'000'000;
  timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

void Supervisor::tell_agent(const Message& message) {
  if (control_) (void)send(control_.get(), message);  // if it is gone, hear_agent finds out
}

int run_supervisor(int control) {
  return Supervisor(control).run();
}

}  // namespace errand::worker
