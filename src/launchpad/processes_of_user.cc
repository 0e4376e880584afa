// SPDX-License-Identifier: Apache-2.0
#include "launchpad/processes_of_user.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "system/descriptor.h"

namespace errand::launchpad {
namespace {

/// A process that the kernel cannot end now is left with its signal pending.
constexpr int most_rounds = 400;
constexpr useconds_t round_us = 5000;
/// Nobody's, by the conventions of Debian and of systemd; a container has it, too.
constexpr uid_t nobodys = 65533;
constexpr pid_t first_process = 1;

/// What has not ended: a zombie has, unless it is the first thread of others that go on.
bool lives(char state, unsigned threads) {
  return (state != 'Z' && state != 'X') || threads > 1;
}

bool is_of(uid_t uid, const std::string& pid) {
  if (pid.find_first_not_of("0123456789") != std::string::npos) return false;
  std::ifstream status("/proc/" + pid + "/status");
  char state = 'X';
  std::array<unsigned, 3> users{};
  unsigned threads = 0;
  for (std::string line; std::getline(status, line);) {
    (void)std::sscanf(line.c_str(), "State: %c", &state);
    (void)std::sscanf(line.c_str(), "Uid: %u %u %u", &users[0], &users[1], &users[2]);
    (void)std::sscanf(line.c_str(), "Threads: %u", &threads);
  }
  const bool his = users[0] == uid || users[1] == uid || users[2] == uid;
  return his && lives(state, threads);
}

/// Where it cannot be told, somebody may.
bool anybody_lives(uid_t uid) {
  std::error_code problem;
  std::filesystem::directory_iterator entry("/proc", problem);
  for (; !problem && entry != std::filesystem::directory_iterator(); entry.increment(problem)) {
    if (is_of(uid, entry->path().filename())) return true;
  }
  return static_cast<bool>(problem);
}

/// With that user's right to signal and no other: the kernel itself sees to it that nobody else is hit, and
/// that none slips through by forking. He could signal this process if its real or its saved user were he;
/// and whoever's real user it has meanwhile is hit as well, so that there must be none.
bool signal_all(uid_t uid, const std::string& lock) {
  const system::Descriptor turn(open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (turn.get() < 0 || flock(turn.get(), LOCK_EX) != 0) return false;
  if (anybody_lives(nobodys) || setresuid(nobodys, uid, 0) != 0) return false;
  const bool has_no_other = kill(first_process, 0) != 0;
  if (has_no_other) (void)kill(-1, SIGKILL);  // says nothing of whether there was anybody
  if (setresuid(0, 0, 0) != 0) _exit(126);
  return has_no_other;
}

}  // namespace

bool end_processes_of_user(uid_t uid, const std::string& lock) {
  if (uid == 0 || geteuid() != 0) return false;
  for (int i = 0; i < most_rounds; ++i) {
    if (!signal_all(uid, lock)) return false;
    while (waitpid(-1, nullptr, WNOHANG) > 0) {  // what lost its parent is the caller's to reap
    }
    if (!anybody_lives(uid)) return true;
    usleep(round_us);
  }
  return false;
}

}  // namespace errand::launchpad
