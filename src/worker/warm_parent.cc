// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "system/descriptor.h"
#include "system/process_table.h"
#include "worker/channel_variable.h"
#include "worker/protocol.h"
#include "worker/task_runner.h"

namespace errand::worker {
namespace {

using system::Descriptor;

/// How much rather than other processes of this user a worker is killed when memory runs out: the task is
/// what asked for it.
constexpr int oom_score_above_ours = 300;
constexpr int highest_oom_score = 1000;

/// What keeps the process from being forked, or nothing.
std::string forking_obstacle() {
  auto stat = system::read_process_stat(getpid());
  if (!stat || stat->threads <= 1) return {};
  return "the program has " + std::to_string(stat->threads) +
         " threads before it runs tasks, so that it cannot be forked; each worker is a process of its own";
}

void close_all_but(int kept) {
  auto first = static_cast<unsigned>(kept);
  if (first > 3) close_range(3, first - 1, 0);
  close_range(first + 1, ~0U, 0);
}

void raise_oom_score() {
  const char* path = "/proc/self/oom_score_adj";
  std::string text = system::read_proc(path).value_or("0");
  int score = 0;
  std::from_chars(text.data(), text.data() + text.size(), score);
  if (std::FILE* file = std::fopen(path, "we")) {
    std::fprintf(file, "%d", std::min(score + oom_score_above_ours, highest_oom_score));
    std::fclose(file);
  }
}

/// Handlers are the program's own, from its static objects, and stay; what somebody above us ignores is
/// none of a task's business.
void reset_signals() {
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction action {};
    if (sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN) {
      action.sa_handler = SIG_DFL;
      sigaction(number, &action, nullptr);
    }
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

class WarmParent {
 public:
  WarmParent(int control, MakeRunner make_runner, const WorkerHooks& hooks)
      : control_(control), make_runner_(std::move(make_runner)), hooks_(hooks) {}
  int run();

 private:
  bool set_up();
  bool hear_supervisor();
  void fork_worker(Descriptor channel);
  [[noreturn]] void become_worker(Descriptor channel, pid_t parent);
  void report_ended();

  Descriptor control_;
  Descriptor children_;
  MakeRunner make_runner_;
  const WorkerHooks& hooks_;
};

bool WarmParent::set_up() {
  control_ = system::keep_high(std::move(control_));
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, nullptr);
  children_ = system::keep_high(Descriptor(signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK)));
  return static_cast<bool>(children_);
}

int WarmParent::run() {
  if (!set_up()) return 1;
  Message hello{MessageType::hello, 0, {protocol_major, protocol_minor}, {}, -1};
  if (!send(control_.get(), hello)) return 1;
  while (true) {
    std::array<pollfd, 2> asked = {pollfd{control_.get(), POLLIN, 0}, pollfd{children_.get(), POLLIN, 0}};
    if (poll(asked.data(), asked.size(), -1) < 0) continue;
    if (asked[1].revents != 0) report_ended();
    if (asked[0].revents != 0 && !hear_supervisor()) return 0;
  }
}

bool WarmParent::hear_supervisor() {
  while (true) {
    auto message = receive(control_.get(), /*wait=*/false);
    if (!message) return false;
    if (!*message) return true;
    Descriptor channel((*message)->descriptor);
    if ((*message)->type == MessageType::fork && channel) fork_worker(std::move(channel));
  }
}

void WarmParent::fork_worker(Descriptor channel) {
  std::string obstacle = forking_obstacle();
  pid_t parent = getpid();
  pid_t pid = obstacle.empty() ? fork() : -1;
  if (pid == 0) become_worker(std::move(channel), parent);
  if (pid < 0 && obstacle.empty()) obstacle = "cannot fork: " + std::string(strerrordesc_np(errno));
  (void)send(control_.get(), {MessageType::forked, 0, {pid}, std::move(obstacle), -1});
}

void WarmParent::become_worker(Descriptor channel, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(0);  // it died before we asked
  if (hooks_.after_fork) hooks_.after_fork();
  setpgid(0, 0);
  close_all_but(channel.get());
  reset_signals();
  raise_oom_score();
  _exit(run_worker(channel.release(), make_runner_, hooks_));
}

void WarmParent::report_ended() {
  signalfd_siginfo info;
  while (read(children_.get(), &info, sizeof info) > 0) {
  }
  int status = 0;
  for (pid_t pid = 0; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    (void)send(control_.get(), {MessageType::exited, 0, {pid, status}, {}, -1});
  }
}

}  // namespace

int run_warm_parent(int control, MakeRunner make_runner, const WorkerHooks& hooks) {
  if (std::getenv(channel_variable) != nullptr) {
    unsetenv(channel_variable);
    return run_worker(control, std::move(make_runner), hooks);
  }
  return WarmParent(control, std::move(make_runner), hooks).run();
}

}  // namespace errand::worker
