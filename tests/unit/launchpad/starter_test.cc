// SPDX-License-Identifier: Apache-2.0
// Nothing of one submitter may live on beside the next, however much of it there is and whatever it does.
#include "launchpad/starter.h"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace {

/// Shared with whoever is forked off.
bool* forks_fail() {
  static bool* const flag = static_cast<bool*>(
      mmap(nullptr, sizeof(bool), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  return flag;
}

}  // namespace

/// As it is where a task has used up all the processes that the unit may have: the starter, forked off this
/// program, finds this one.
extern "C" pid_t fork() noexcept {
  if (*forks_fail()) {
    errno = EAGAIN;
    return -1;
  }
  return reinterpret_cast<pid_t (*)()>(dlsym(RTLD_NEXT, "fork"))();
}

namespace errand::launchpad {
namespace {

/// Nobody's on this machine.
/// Nobody else's, nor that of a test that runs beside this one: all of a user's processes are ended here.
const uid_t some_user = 40'000 + static_cast<uid_t>(getpid()) % 20'000;

class StarterOfAnIdentity : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "only root starts others";
    *forks_fail() = false;
    (void)mkdir(lock_folder, 0700);
    scratch_ = std::filesystem::temp_directory_path() / ("errand-starter-" + std::to_string(getpid()));
    identity_.number = 1;
    identity_.user = "errand-w1";
    identity_.uid = identity_.gid = some_user;
    identity_.folder = scratch_ + "/w1";
    std::filesystem::create_directories(identity_.folder + "/home");
    chmod(scratch_.c_str(), 0777);
  }
  void TearDown() override {
    if (IsSkipped()) return;
    *forks_fail() = false;
    for (pid_t one : started_) {
      kill(one, SIGKILL);
      waitpid(one, nullptr, 0);
    }
    while (wait(nullptr) > 0) {  // the starter, which ends the identity's processes as it ends
    }
    std::filesystem::remove_all(scratch_);
  }

  Starter fork_off(const std::string& command = "/bin/true") {
    auto starter = Starter::fork_off({identity_}, scratch_, command);
    EXPECT_TRUE(starter) << (starter ? "" : starter.error().message);
    return *std::move(starter);
  }
  /// A process of the identity's; with `fighting`, one that ends every process that it may, over and over.
  pid_t begin_task(bool fighting = false) {
    std::array<int, 2> told{};
    EXPECT_EQ(pipe(told.data()), 0);
    const pid_t task = fork();
    if (task == 0) {
      const bool is_he =
          setresgid(some_user, some_user, some_user) == 0 && setresuid(some_user, some_user, some_user) == 0;
      if (!is_he || write(told[1], "x", 1) != 1) _exit(1);
      for (;;) {
        if (!fighting) pause();
        kill(-1, SIGKILL);
      }
    }
    close(told[1]);
    char word = 0;
    EXPECT_EQ(read(told[0], &word, 1), 1) << "the task has begun";
    close(told[0]);
    started_.push_back(task);
    return task;
  }
  /// It is this test's child: nobody else reaps it.
  static bool has_ended(pid_t task) {
    siginfo_t info{};
    return waitid(P_PID, static_cast<id_t>(task), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == task;
  }

  std::string scratch_;
  Identity identity_;
  std::vector<pid_t> started_;
};

TEST_F(StarterOfAnIdentity, EndsItsProcessesThoughNoFurtherCanBeMade) {
  Starter starter = fork_off();
  const pid_t task = begin_task();
  *forks_fail() = true;
  auto wiped = starter.wipe(identity_);
  EXPECT_TRUE(wiped) << (wiped ? "" : wiped.error().message);
  EXPECT_TRUE(has_ended(task)) << "it would be the next submitter";
  EXPECT_FALSE(std::filesystem::exists(identity_.folder));
}

TEST_F(StarterOfAnIdentity, IsNotEndedByAProcessThatEndsAllItMay) {
  Starter starter = fork_off();
  for (int i = 0; i < 20; ++i) {
    const pid_t task = begin_task(true);
    auto ended = starter.end_processes(identity_);
    ASSERT_TRUE(ended) << ended.error().message;
    ASSERT_TRUE(has_ended(task));
  }
}

TEST_F(StarterOfAnIdentity, LeavesOthersAlone) {
  Starter starter = fork_off();
  const pid_t other = fork();
  if (other == 0) {
    if (setresuid(some_user + 20'000, some_user + 20'000, some_user + 20'000) != 0) _exit(1);
    for (;;) pause();
  }
  started_.push_back(other);
  (void)begin_task();
  ASSERT_TRUE(starter.end_processes(identity_));
  EXPECT_FALSE(has_ended(other));
}

/// What cannot be removed is not passed over in silence: it would be the next submitter's.
TEST_F(StarterOfAnIdentity, SaysThatSomethingIsLeft) {
  Starter starter = fork_off();
  std::filesystem::remove_all(identity_.folder);
  std::filesystem::remove(scratch_);
  std::ofstream(scratch_) << "no folder";
  EXPECT_FALSE(starter.wipe(identity_));
}

TEST_F(StarterOfAnIdentity, ItsTasksMayHaveAsManyProcessesAsItsShare) {
  identity_.most_processes = 77;
  const std::string program = scratch_ + "/agent";
  std::ofstream(program) << "#!/bin/bash\nulimit -u >" << scratch_ << "/said\n";
  chmod(program.c_str(), 0755);
  Starter starter = fork_off(program);
  auto started = starter.start_agent(identity_);
  ASSERT_TRUE(started) << started.error().message;
  std::ifstream said(scratch_ + "/said");
  int limit = 0;
  said >> limit;
  EXPECT_EQ(limit, 77);
}

}  // namespace
}  // namespace errand::launchpad
