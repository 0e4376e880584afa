// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <functional>
#include <string>
#include <thread>

#include "system/descriptor.h"
#include "system/memory_processes.h"
#include "system/process_table.h"
#include "system/processes.h"
#include "temporary_directory.h"

namespace errand::system {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

Processes& processes() {
  return system_processes();
}

// Runs a shell script to its end; what it wrote to descriptor 1.
std::string output_of(SpawnRequest request) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return "(no pipe)";
  const Descriptor reading(ends[0]);
  Descriptor writing(ends[1]);
  if (request.keep.empty()) request.keep = {-1, writing.get(), 2};
  const auto pid = processes().spawn(request);
  if (!pid) return "(" + pid.error().message + ")";
  writing.reset();
  std::string text;
  char part[512];
  for (ssize_t got = 0; (got = read(reading.get(), part, sizeof part)) > 0;) {
    text.append(part, static_cast<std::size_t>(got));
  }
  waitpid(*pid, nullptr, 0);
  return text;
}

SpawnRequest shell(const std::string& script) {
  SpawnRequest request;
  request.argv = {"/bin/sh", "-c", script};
  request.environment = {"PATH=/usr/bin:/bin"};
  return request;
}

// Waits for another process without an opinion on how long that may take.
bool becomes(const std::function<bool()>& state) {
  for (int look = 0; look < 10'000; ++look) {
    if (state()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

TEST(ProcessStat, CommandsMayHoldAnything) {
  const auto stat = parse_process_stat(
      "77 (a) b (c d) S 5 6 7 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 3 0 98765 1000 10 18446744073709551615\n");
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->state, 'S');
  EXPECT_EQ(stat->parent, 5);
  EXPECT_EQ(stat->threads, 3);
  EXPECT_EQ(stat->start, 98765u);
  for (const std::string_view bad : {"", "77", "77 (x)", "77 (x) S", "77 (x) S 1 2 3", "77 (x) S q 2 3"}) {
    EXPECT_FALSE(parse_process_stat(bad)) << bad;
  }
}

TEST(ProcessEnvironment, OnlyWholeEntriesCount) {
  const std::string_view environment("A=1\0JOB=abc\0B=2\0", 16);
  EXPECT_TRUE(holds_entry(environment, "JOB=abc"));
  EXPECT_FALSE(holds_entry(environment, "JOB=ab"));
  EXPECT_FALSE(holds_entry(environment, "OB=abc"));
  EXPECT_FALSE(holds_entry("", "A=1"));
}

TEST(PosixProcesses, SelfIsTheProcessItselfAlsoAfterFork) {
  const ProcessId self = processes().self();
  EXPECT_EQ(self.pid, getpid());
  EXPECT_FALSE(self.boot.empty());
  EXPECT_FALSE(self.host.empty());
  EXPECT_NE(self.start, 0u);
  EXPECT_NE(self.pid_namespace, 0u);
  EXPECT_EQ(processes().find(getpid()), self);
  EXPECT_TRUE(processes().is_alive(self));
  const pid_t child = fork();
  if (child == 0) _exit(processes().self().pid == getpid() && processes().self().same_world(self) ? 0 : 1);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST(PosixProcesses, ReusedPidIsAnotherProcess) {
  ProcessId other = processes().self();
  other.start -= 1;
  EXPECT_FALSE(processes().is_alive(other));
  EXPECT_FALSE(processes().find(0));
  EXPECT_FALSE(processes().find(-1));
}

TEST(PosixProcesses, ZombieIsNotAlive) {
  const auto pid = *processes().spawn(shell("exit 3"));
  ASSERT_TRUE(becomes([&] { return read_process_stat(pid)->is_ended(); }));
  const auto zombie = processes().find(pid);
  ASSERT_TRUE(zombie);
  EXPECT_FALSE(processes().is_alive(*zombie));
  processes().reap(pid);
  EXPECT_FALSE(processes().find(pid));
}

TEST(Spawn, GivesExactlyTheDescriptorsAskedFor) {
  const TemporaryDirectory directory;
  const Descriptor file = keep_high(Descriptor(open(directory.path("f").c_str(), O_RDWR | O_CREAT, 0600)));
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const Descriptor reading(ends[0]);
  Descriptor writing(ends[1]);
  SpawnRequest request =
      shell("readlink /proc/$$/fd/0 /proc/$$/fd/3 /proc/$$/fd/4; ls /proc/$$/fd | tr '\\n' ' '");
  request.keep = {-1, writing.get(), 2, file.get(), -1};
  const auto pid = *processes().spawn(request);
  writing.reset();
  waitpid(pid, nullptr, 0);
  char text[512];
  const ssize_t got = read(reading.get(), text, sizeof text);
  EXPECT_EQ(std::string(text, static_cast<std::size_t>(std::max<ssize_t>(got, 0))),
            "/dev/null\n" + directory.path("f") + "\n/dev/null\n0 1 2 3 4 ");
}

TEST(Spawn, DescriptorsMayChangePlaces) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const Descriptor reading(ends[0]);
  Descriptor writing(ends[1]);
  SpawnRequest request = shell("echo one >&1; echo zero >&0");
  request.keep = {writing.get(), writing.get(), 1};
  const auto pid = *processes().spawn(request);
  writing.reset();
  waitpid(pid, nullptr, 0);
  char text[64];
  const ssize_t got = read(reading.get(), text, sizeof text);
  EXPECT_EQ(std::string(text, static_cast<std::size_t>(std::max<ssize_t>(got, 0))), "one\nzero\n");
}

TEST(Spawn, EnvironmentDirectoryAndSession) {
  SpawnRequest request = shell(
      "env | grep -v PWD | grep -v '^_=' | grep -v SHLVL | sort; pwd; "
      "test $(cut -d' ' -f6 /proc/$$/stat) = $$ && echo leader");
  request.environment = {"PATH=/usr/bin:/bin", "A=b c"};
  request.directory = "/usr";
  request.new_session = true;
  EXPECT_EQ(output_of(request), "A=b c\nPATH=/usr/bin:/bin\n/usr\nleader\n");
}

TEST(Spawn, SignalsAreDefaultAndUnblocked) {
  struct sigaction ignored {};
  struct sigaction before {};
  ignored.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignored, &before);
  sigset_t blocked;
  sigset_t old;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &blocked, &old);
  const std::string text = output_of(shell("grep -E '^Sig(Blk|Ign)' /proc/self/status"));
  sigset_t after;
  pthread_sigmask(SIG_SETMASK, &old, &after);
  struct sigaction still {};
  sigaction(SIGPIPE, &before, &still);
  EXPECT_EQ(text, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
  EXPECT_TRUE(sigismember(&after, SIGTERM));  // ours are as they were
  EXPECT_EQ(still.sa_handler, SIG_IGN);
}

TEST(Spawn, FailuresNameWhatFailed) {
  SpawnRequest request;
  request.argv = {"/nonexistent/program"};
  auto failed = processes().spawn(request);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::not_found);
  EXPECT_THAT(failed.error().message, HasSubstr("/nonexistent/program"));
  request = shell("true");
  request.directory = "/nonexistent/directory";
  failed = processes().spawn(request);
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, HasSubstr("/nonexistent/directory"));
  request = shell("true");
  request.keep = {9999};
  EXPECT_FALSE(processes().spawn(request));
  EXPECT_FALSE(processes().spawn({}));
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);  // no zombie is left of them
}

TEST(Spawn, ChildDiesWithItsParent) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const pid_t parent = fork();
  if (parent == 0) {
    SpawnRequest request = shell("exec sleep 1000");
    request.die_with_parent_signal = SIGKILL;
    const auto pid = processes().spawn(request).value_or(-1);
    const bool told = write(ends[1], &pid, sizeof pid) == sizeof pid;
    _exit(told ? 0 : 1);
  }
  std::int32_t pid = -1;
  ASSERT_EQ(read(ends[0], &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
  waitpid(parent, nullptr, 0);
  EXPECT_TRUE(becomes([&] {
    const auto stat = read_process_stat(pid);
    return !stat || stat->is_ended();
  }));
  close(ends[0]);
  close(ends[1]);
}

TEST(PosixProcesses, FindsByEnvironment) {
  const std::string entry = "ERRAND_TEST_MARK=" + std::to_string(getpid());
  SpawnRequest request = shell("exec sleep 1000");
  request.environment.push_back(entry);
  const auto pid = *processes().spawn(request);
  // Empty for a moment while the shell becomes the other program.
  EXPECT_TRUE(becomes([&] { return processes().with_environment(entry) == std::vector<std::int32_t>{pid}; }));
  EXPECT_THAT(processes().with_environment(entry + "0"), IsEmpty());
  processes().signal(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
}

class KillDescendantsTest : public testing::Test {
 protected:
  void SetUp() override { prctl(PR_SET_CHILD_SUBREAPER, 1); }
  void TearDown() override { prctl(PR_SET_CHILD_SUBREAPER, 0); }
  std::size_t below() { return processes().descendants(getpid()).size(); }
};

TEST_F(KillDescendantsTest, BothWaysOfFindingThemAgree) {
  const auto pid = *processes().spawn(shell("sleep 1000 & sleep 1000 & wait"));
  ASSERT_TRUE(becomes([&] { return below() == 3; }));
  EXPECT_EQ(descendants_by_parents(pid).size(), 2u);
  const auto by_children = descendants_by_children(pid);
  EXPECT_EQ(by_children ? by_children->size() : 2u, 2u);
  kill_descendants(processes(), getpid(), {});
  EXPECT_EQ(below(), 0u);
}

TEST_F(KillDescendantsTest, DaemonsOfOtherSessionsToo) {
  // A daemon: forks twice, its own session, its parent gone; and one that ignores what can be ignored.
  const auto starter = *processes().spawn(
      shell("(setsid sh -c 'trap \"\" TERM HUP INT; sleep 1000 & sleep 1000; sleep 1000' &) ; exit 0"));
  waitpid(starter, nullptr, 0);
  ASSERT_TRUE(becomes([&] { return below() >= 3; }));
  kill_descendants(processes(), getpid(), {});
  EXPECT_EQ(below(), 0u);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);  // all collected
}

TEST_F(KillDescendantsTest, SparedOnesAndTheirsLive) {
  const auto spared = *processes().spawn(shell("sleep 1000 & wait"));
  const auto doomed = *processes().spawn(shell("sleep 1000 & wait"));
  ASSERT_TRUE(becomes([&] { return below() == 4; }));
  kill_descendants(processes(), getpid(), {spared});
  const auto left = processes().descendants(getpid());
  EXPECT_EQ(left.size(), 2u);
  EXPECT_THAT(left, Contains(spared));
  EXPECT_THAT(left, Not(Contains(doomed)));
  kill_descendants(processes(), getpid(), {});
  EXPECT_EQ(below(), 0u);
}

TEST_F(KillDescendantsTest, WhoKeepsForkingIsCaught) {
  // Each link of the chain starts the next and goes: at most a few at a time, none lives long.
  const TemporaryDirectory directory;
  const std::string script = directory.path("bomb");
  Descriptor file(open(script.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0700));
  const std::string text = "#!/bin/sh\nsetsid \"$0\" &\nsleep 0.005\n";
  ASSERT_EQ(write(file.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  file.reset();
  ASSERT_TRUE(processes().spawn(shell("/bin/sh " + script + " & exec /bin/sh " + script)));
  ASSERT_TRUE(becomes([&] { return below() > 1; }));
  kill_descendants(processes(), getpid(), {});
  EXPECT_EQ(below(), 0u);
}

TEST(MemoryProcesses, KillingLeavesOnlyTheSpared) {
  MemoryProcesses fake;
  const std::int32_t self = fake.self().pid;
  const auto worker = fake.add(self);
  const auto daemon = fake.add(worker);
  const auto spared = fake.add(self);
  const auto below_spared = fake.add(spared);
  fake.make_bomb(daemon, 5);
  fake.end(worker);
  EXPECT_TRUE(fake.is_zombie(worker));
  kill_descendants(fake, self, {spared});
  EXPECT_THAT(fake.descendants(self), UnorderedElementsAre(spared, below_spared));
  EXPECT_THAT(fake.signals_of(daemon), ElementsAre(SIGSTOP, SIGKILL));
}

/// The kernel's lists leave a child out now and then: here the second that is asked for below `parent`.
class LeavesOneOut final : public Processes {
 public:
  LeavesOneOut(MemoryProcesses& real, std::int32_t parent) : real_(real), parent_(parent) {}
  [[nodiscard]] ProcessId self() const override { return real_.self(); }
  [[nodiscard]] std::optional<ProcessId> find(std::int32_t pid) const override { return real_.find(pid); }
  [[nodiscard]] bool is_alive(const ProcessId& process) const override { return real_.is_alive(process); }
  Result<std::int32_t> spawn(const SpawnRequest& request) override { return real_.spawn(request); }
  void signal(std::int32_t pid, int number) override { real_.signal(pid, number); }
  [[nodiscard]] std::vector<std::int32_t> descendants(std::int32_t root) const override {
    const bool is_left_out = root == parent_ && ++questions_ == 2;
    return is_left_out ? std::vector<std::int32_t>() : real_.descendants(root);
  }
  [[nodiscard]] std::vector<std::int32_t> with_environment(const std::string& entry) const override {
    return real_.with_environment(entry);
  }
  void reap(std::int32_t pid) override { real_.reap(pid); }

 private:
  MemoryProcesses& real_;
  const std::int32_t parent_;
  mutable int questions_ = 0;
};

TEST(MemoryProcesses, ASparedOneThatWasStoppedByMistakeGoesOn) {
  MemoryProcesses fake;
  const std::int32_t self = fake.self().pid;
  const auto warm_parent = fake.add(self);
  const auto spare = fake.add(warm_parent);
  const auto daemon = fake.add(self);
  LeavesOneOut looked_at(fake, warm_parent);
  kill_descendants(looked_at, self, {warm_parent});
  EXPECT_THAT(fake.descendants(self), UnorderedElementsAre(warm_parent, spare));
  EXPECT_THAT(fake.signals_of(daemon), ElementsAre(SIGSTOP, SIGKILL));
  EXPECT_THAT(fake.signals_of(spare), ElementsAre(SIGSTOP, SIGCONT));
}

TEST(MemoryProcesses, SpawnFindEnvironmentAndReuse) {
  MemoryProcesses fake;
  const auto pid = *fake.spawn(shell("true"));
  const ProcessId process = *fake.find(pid);
  EXPECT_TRUE(fake.is_alive(process));
  EXPECT_THAT(fake.with_environment("PATH=/usr/bin:/bin"), ElementsAre(pid));
  fake.signal(pid, SIGKILL);
  EXPECT_FALSE(fake.is_alive(process));
  fake.reap(pid);
  EXPECT_FALSE(fake.find(pid));
  fake.set_next_pid(pid);
  EXPECT_EQ(fake.add(1), pid);
  EXPECT_FALSE(fake.is_alive(process));
  fake.fail_next_spawn({ErrorCode::not_found, "no such program", false, {}, 0});
  EXPECT_FALSE(fake.spawn(shell("true")));
  EXPECT_TRUE(fake.spawn(shell("true")));
  fake.reboot("second");
  EXPECT_FALSE(fake.self().same_world(process));
}

}  // namespace
}  // namespace errand::system
