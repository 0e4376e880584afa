// SPDX-License-Identifier: Apache-2.0
#include "system/spawn.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "system/files.h"

namespace errand::system {
namespace {

constexpr std::size_t stack_size = 64 * 1024;

enum class Step : int { none, descriptors, session, directory, program };

/// All the child needs, prepared by the parent: the child must not allocate.
struct Plan {
  const SpawnRequest& request;
  std::vector<char*> argv;
  std::vector<char*> environment;
  std::vector<int> moved;  ///< where the child holds its descriptors on their way
  pid_t parent;
  Step failed = Step::none;  ///< written by the child
  int number = 0;
};

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// What follows runs in the child, in the parent's memory: system calls only, and those on signals not
// through the C library, whose own books (and a sanitizer's) are the parent's.

constexpr unsigned long no_signals = 0;
constexpr unsigned long default_action[8] = {};  // as the kernel lays it out: SIG_DFL, no flags, no mask

void reset_signals() {
  for (int number = 1; number < _NSIG; ++number) {
    syscall(SYS_rt_sigaction, number, default_action, nullptr, sizeof no_signals);
  }
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &no_signals, nullptr, sizeof no_signals);
}

// Sources in the way of the targets are moved behind them first.
bool move_sources(Plan& plan) {
  const int count = static_cast<int>(plan.moved.size());
  for (int& number : plan.moved) {
    if (number < 0) {
      number = open("/dev/null", O_RDWR | O_CLOEXEC);
      if (number < 0) return false;
    }
    if (number < count) number = fcntl(number, F_DUPFD_CLOEXEC, count);
    if (number < 0) return false;
  }
  return true;
}

void close_from(unsigned first) {
  if (close_range(first, ~0u, 0) == 0) return;
  const auto end = static_cast<unsigned>(std::min(sysconf(_SC_OPEN_MAX), 1l << 20));
  for (unsigned number = first; number < end; ++number) close(static_cast<int>(number));
}

bool lay_out_descriptors(Plan& plan) {
  if (!move_sources(plan)) return false;
  for (std::size_t target = 0; target < plan.moved.size(); ++target) {
    if (dup2(plan.moved[target], static_cast<int>(target)) < 0) return false;
  }
  close_from(static_cast<unsigned>(plan.moved.size()));
  return true;
}

bool tie_to_parent(const Plan& plan) {
  const int death_signal = plan.request.die_with_parent_signal;
  if (death_signal == 0) return true;
  if (prctl(PR_SET_PDEATHSIG, death_signal) != 0) return false;
  if (getppid() != plan.parent) kill(getpid(), SIGKILL);  // it died before we asked
  return true;
}

Step run(Plan& plan) {
  const SpawnRequest& request = plan.request;
  if (!lay_out_descriptors(plan)) return Step::descriptors;
  if ((request.new_session && setsid() < 0) || !tie_to_parent(plan)) return Step::session;
  if (!request.directory.empty() && chdir(request.directory.c_str()) != 0) return Step::directory;
  reset_signals();
  execve(plan.argv.front(), plan.argv.data(), plan.environment.data());
  return Step::program;
}

int child_main(void* argument) {
  Plan& plan = *static_cast<Plan*>(argument);
  plan.failed = run(plan);
  plan.number = errno;
  _exit(127);
}

// What follows runs in the parent again.

Error start_failure(const Plan& plan) {
  const SpawnRequest& request = plan.request;
  switch (plan.failed) {
    case Step::directory:
      return os_error(plan.number, "cannot enter directory", request.directory, false);
    case Step::program:
      return os_error(plan.number, "cannot start", request.argv.front(), false);
    default:
      return os_error(plan.number, "cannot set up the process for", request.argv.front(), false);
  }
}

// The parent stands still until the child runs its program or has failed: plan is not shared any more then.
// Negative: errno.
pid_t clone_child(Plan& plan) {
  void* stack =
      mmap(nullptr, stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED) return -errno;
  // A handler must not run in the child: it would act on our memory.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid =
      clone(child_main, static_cast<char*>(stack) + stack_size, CLONE_VM | CLONE_VFORK | SIGCHLD, &plan);
  const int number = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  munmap(stack, stack_size);
  return pid < 0 ? -number : pid;
}

}  // namespace

Result<std::int32_t> spawn_program(const SpawnRequest& request) {
  if (request.argv.empty()) {
    return Error{ErrorCode::invalid_argument, "cannot start a program without a name", false, {}, 0};
  }
  Plan plan{request, pointers_to(request.argv), pointers_to(request.environment), request.keep, getpid()};
  const pid_t pid = clone_child(plan);
  if (pid < 0) return os_error(-pid, "cannot start", request.argv.front(), false);
  if (plan.failed == Step::none) return pid;
  waitpid(pid, nullptr, 0);
  return start_failure(plan);
}

}  // namespace errand::system
