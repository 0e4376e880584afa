// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>

#include "system/processes.h"
#include "worker_harness.h"

namespace errand::worker {
namespace {

using testing::HasSubstr;

std::int64_t nap(std::int64_t ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
  return ms;
}
const auto nap_job = errand::function("nap", nap);

/// Leaves a daemon in a session of its own, which writes its pid, and sleeps for ever.
std::int64_t leave_daemon(const std::string& pid_file) {
  if (fork() == 0) {
    setsid();
    if (fork() != 0) _exit(0);
    std::ofstream(pid_file + ".new") << getpid() << "\n";
    rename((pid_file + ".new").c_str(), pid_file.c_str());
    while (true) pause();
  }
  wait(nullptr);
  while (access(pid_file.c_str(), F_OK) != 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return 0;
}
const auto daemon_job = errand::function("leave_daemon", leave_daemon);

void write_much(std::int64_t mebibytes) {
  std::string text(std::size_t{1} << 20, 'x');
  for (std::int64_t i = 0; i < mebibytes; ++i) {
    if (write(1, text.data(), text.size()) < 0) return;
  }
  while (true) pause();
}
const auto much_job = errand::function("write_much", write_much);

StartSpec spec_of(const char* role, bool fork = true) {
  StartSpec spec{{own_program(), role}, {}, fork};
  for (char** entry = environ; *entry != nullptr; ++entry) spec.environment.emplace_back(*entry);
  return spec;
}

pid_t read_pid(const std::string& path) {
  pid_t pid = 0;
  std::ifstream(path) >> pid;
  return pid;
}

TEST(Supervisor, OffersASpareThatRunsAJobThenAnother) {
  TemporaryPlace place;
  SupervisorProcess supervisor(spec_of("--errand-worker"));
  for (int round = 0; round < 3; ++round) {
    std::int64_t pid = 0;
    WorkerChannel worker = supervisor.take_spare(pid);
    std::string id = publish(place, draft(nap_job, 2, std::int64_t{0}));
    supervisor.send_busy(place, id, pid, 0);
    worker.send_job(place, id, 0, 2);
    EXPECT_EQ(worker.next()->type, MessageType::done);
    EXPECT_EQ(worker.next()->type, MessageType::closed);
    Message ended = supervisor.next_of(MessageType::ended);
    EXPECT_EQ(ended.numbers[0], pid);
    EXPECT_EQ(ended.numbers[1], 0);
    EXPECT_EQ(ended.numbers[2], 0);
    EXPECT_EQ(ended.numbers[3], -1);
    EXPECT_EQ(read_log(place, id).outcomes.size(), 2U);
  }
}

TEST(Supervisor, WithoutForkingEachWorkerIsAProcessOfItsOwn) {
  TemporaryPlace place;
  SupervisorProcess supervisor(spec_of("--errand-worker", /*fork=*/false));
  for (int round = 0; round < 2; ++round) {
    std::int64_t pid = 0;
    WorkerChannel worker = supervisor.take_spare(pid);
    std::string id = publish(place, draft(nap_job, 1, std::int64_t{0}));
    worker.send_job(place, id, 0, 1);
    EXPECT_EQ(supervisor.next_of(MessageType::ended).numbers[1], 0);
    EXPECT_EQ(read_log(place, id).outcomes.size(), 1U);
  }
}

TEST(Supervisor, AProgramWithThreadsIsNotForked) {
  TemporaryPlace place;
  SupervisorProcess supervisor(spec_of("--threaded-worker"));
  // Its thread is started again in every worker and does not keep it from running a job.
  std::int64_t pid = 0;
  WorkerChannel worker = supervisor.take_spare(pid);
  std::string id = publish(place, draft(nap_job, 1, std::int64_t{0}));
  worker.send_job(place, id, 0, 1);
  EXPECT_EQ(supervisor.next_of(MessageType::ended).numbers[1], 0);
  EXPECT_EQ(read_log(place, id).outcomes.size(), 1U);
}

TEST(Supervisor, AProgramThatIsNoWorkerIsReported) {
  SupervisorProcess supervisor(spec_of("--no-worker"));
  auto message = supervisor.next();
  ASSERT_TRUE(message);
  EXPECT_EQ(message->type, MessageType::broken);
  EXPECT_THAT(message->text, HasSubstr("exit code 3"));
  EXPECT_THAT(message->text, HasSubstr("errand::init"));
}

TEST(Supervisor, AProgramThatIsNotThereIsReported) {
  StartSpec spec = spec_of("--errand-worker");
  spec.argv[0] = "/no/such/program";
  SupervisorProcess supervisor(spec);
  auto message = supervisor.next();
  ASSERT_TRUE(message);
  EXPECT_EQ(message->type, MessageType::broken);
  EXPECT_THAT(message->text, HasSubstr("/no/such/program"));
}

TEST(Supervisor, ATaskOverItsTimeLimitIsKilledAndNamed) {
  TemporaryPlace place;
  SupervisorProcess supervisor(spec_of("--errand-worker"));
  std::int64_t pid = 0;
  WorkerChannel worker = supervisor.take_spare(pid);
  std::vector<std::int64_t> times = {0, 60'000, 0};
  std::string id = publish(place, draft(nap_job, 0, each(times)));
  supervisor.send_busy(place, id, pid, 100);
  worker.send_job(place, id, 0, 3, range_last, 2);
  Message ended = supervisor.next_of(MessageType::ended);
  EXPECT_EQ(ended.numbers[2], ended_time_limit);
  EXPECT_EQ(ended.numbers[3], 1);
  EXPECT_EQ(ended.numbers[4], 2);
  EXPECT_TRUE(WIFSIGNALED(ended.numbers[1]));
  EXPECT_EQ(read_log(place, id).outcomes.count(0), 1U);
  supervisor.next_of(MessageType::spare);
}

TEST(Supervisor, TasksWithinTheLimitAreLeftAlone) {
  TemporaryPlace place;
  SupervisorProcess supervisor(spec_of("--errand-worker"));
  std::int64_t pid = 0;
  WorkerChannel worker = supervisor.take_spare(pid);
  std::string id = publish(place, draft(nap_job, 20, std::int64_t{20}));
  supervisor.send_busy(place, id, pid, 300);
  worker.send_job(place, id, 0, 20);
  EXPECT_EQ(supervisor.next_of(MessageType::ended).numbers[1], 0);
  EXPECT_EQ(read_log(place, id).outcomes.size(), 20U);
}

TEST(Supervisor, AKillEndsTheWorkerAndItsDaemons) {
  TemporaryPlace place;
  SupervisorProcess supervisor(spec_of("--errand-worker"));
  std::int64_t pid = 0;
  WorkerChannel worker = supervisor.take_spare(pid);
  std::string pid_file = place.path() + "/daemon";
  std::string id = publish(place, draft(daemon_job, 1, pid_file));
  supervisor.send_busy(place, id, pid, 0);
  worker.send_job(place, id, 0, 1, range_drain);
  ASSERT_TRUE(worker.next());
  pid_t daemon = read_pid(pid_file);
  ASSERT_TRUE(is_running(daemon)) << "what a task started may live on while the worker does";
  supervisor.tell({MessageType::kill, 0, {}, {}, -1});
  Message ended = supervisor.next_of(MessageType::ended);
  EXPECT_EQ(ended.numbers[2], ended_by_kill);
  EXPECT_FALSE(is_running(daemon));
  EXPECT_FALSE(is_running(static_cast<pid_t>(pid)));
  supervisor.next_of(MessageType::spare);
}

TEST(Supervisor, DaemonsDieWithAWorkerThatEndsByItself) {
  TemporaryPlace place;
  SupervisorProcess supervisor(spec_of("--errand-worker"));
  std::int64_t pid = 0;
  WorkerChannel worker = supervisor.take_spare(pid);
  std::string pid_file = place.path() + "/daemon";
  std::string id = publish(place, draft(daemon_job, 1, pid_file));
  supervisor.send_busy(place, id, pid, 0);
  worker.send_job(place, id, 0, 1);
  supervisor.next_of(MessageType::ended);
  EXPECT_FALSE(is_running(read_pid(pid_file)));
}

TEST(Supervisor, AWorkerKilledFromOutsideIsReportedWithItsTask) {
  TemporaryPlace place;
  SupervisorProcess supervisor(spec_of("--errand-worker"));
  std::int64_t pid = 0;
  WorkerChannel worker = supervisor.take_spare(pid);
  std::string id = publish(place, draft(nap_job, 1, std::int64_t{60'000}));
  supervisor.send_busy(place, id, pid, 0);
  worker.send_job(place, id, 0, 1, range_last, 1);
  std::string page = share::job_path(id) + "/" + share::progress_name({0, 1, 1});
  ASSERT_TRUE(eventually([&] {
    auto progress = share::read_progress(place.place().files(), page);
    return progress && progress->current_task;
  }));
  kill(static_cast<pid_t>(pid), SIGKILL);
  Message ended = supervisor.next_of(MessageType::ended);
  EXPECT_EQ(WTERMSIG(ended.numbers[1]), SIGKILL);
  EXPECT_EQ(ended.numbers[3], 0);
  EXPECT_EQ(ended.numbers[4], 1);
  EXPECT_EQ(ended.numbers[2] & (ended_by_kill | ended_time_limit), 0);
}

TEST(Supervisor, RetireEndsEverything) {
  TemporaryPlace place;
  SupervisorProcess supervisor(spec_of("--errand-worker"));
  std::int64_t pid = 0;
  WorkerChannel worker = supervisor.take_spare(pid);
  std::string id = publish(place, draft(nap_job, 1, std::int64_t{60'000}));
  supervisor.send_busy(place, id, pid, 0);
  worker.send_job(place, id, 0, 1);
  supervisor.tell({MessageType::retire, 0, {}, {}, -1});
  EXPECT_EQ(supervisor.wait(), 0);
  EXPECT_FALSE(is_running(static_cast<pid_t>(pid)));
}

TEST(Supervisor, WithoutAnAgentAnIdleOneEnds) {
  SupervisorProcess supervisor(spec_of("--errand-worker"));
  std::int64_t pid = 0;
  {
    WorkerChannel worker = supervisor.take_spare(pid);
    supervisor.hang_up();
  }
  EXPECT_EQ(supervisor.wait(), 0);
  EXPECT_FALSE(is_running(static_cast<pid_t>(pid)));
}

TEST(Supervisor, WithoutAnAgentTheTaskInHandIsFinished) {
  TemporaryPlace place;
  SupervisorProcess supervisor(spec_of("--errand-worker"));
  std::int64_t pid = 0;
  std::string id = publish(place, draft(nap_job, 1000, std::int64_t{100}));
  {
    WorkerChannel worker = supervisor.take_spare(pid);
    supervisor.send_busy(place, id, pid, 0);
    worker.send_job(place, id, 0, 1000);
    std::string page = share::job_path(id) + "/" + share::progress_name({0, 1, 1});
    ASSERT_TRUE(eventually([&] {
      auto progress = share::read_progress(place.place().files(), page);
      return progress && progress->current_task;
    }));
    supervisor.hang_up();
  }
  EXPECT_EQ(supervisor.wait(), 0);
  ReadLog log = read_log(place, id);
  EXPECT_GE(log.outcomes.size(), 1U);
  EXPECT_LT(log.outcomes.size(), 1000U);
  EXPECT_EQ(log.durable, log.outcomes.size());
}

TEST(Supervisor, InAnAllocationNothingOutlivesTheAgent) {
  TemporaryPlace place;
  StartSpec spec = spec_of("--errand-worker");
  spec.outlives_agent = false;
  SupervisorProcess supervisor(spec);
  std::int64_t pid = 0;
  std::string id = publish(place, draft(nap_job, 1, std::int64_t{60'000}));
  WorkerChannel worker = supervisor.take_spare(pid);
  supervisor.send_busy(place, id, pid, 0);
  worker.send_job(place, id, 0, 1);
  supervisor.hang_up();
  EXPECT_EQ(supervisor.wait(), 0);
  EXPECT_FALSE(is_running(static_cast<pid_t>(pid)));
}

TEST(Supervisor, ADeadWarmParentIsReplaced) {
  TemporaryPlace place;
  SupervisorProcess supervisor(spec_of("--errand-worker"));
  std::int64_t pid = 0;
  WorkerChannel first = supervisor.take_spare(pid);
  auto children = system::system_processes().descendants(supervisor.pid());
  for (std::int32_t child : children) {
    if (child != pid) kill(child, SIGKILL);
  }
  EXPECT_EQ(supervisor.next_of(MessageType::ended).numbers[0], pid) << "its spare dies with it";
  std::int64_t next_pid = 0;
  WorkerChannel worker = supervisor.take_spare(next_pid);
  std::string id = publish(place, draft(nap_job, 1, std::int64_t{0}));
  worker.send_job(place, id, 0, 1);
  EXPECT_EQ(supervisor.next_of(MessageType::ended).numbers[1], 0);
}

TEST(Supervisor, NobodyOutlivesAKilledSupervisor) {
  SupervisorProcess supervisor(spec_of("--errand-worker"));
  std::int64_t pid = 0;
  WorkerChannel worker = supervisor.take_spare(pid);
  auto below = system::system_processes().descendants(supervisor.pid());
  kill(supervisor.pid(), SIGKILL);
  supervisor.wait();
  for (std::int32_t process : below) {
    EXPECT_TRUE(eventually([&] { return !is_running(process); })) << process;
  }
}

TEST(Supervisor, ABusyOneMovesTheHeartbeat) {
  TemporaryPlace place;
  SupervisorProcess supervisor(spec_of("--errand-worker"));
  std::int64_t pid = 0;
  WorkerChannel worker = supervisor.take_spare(pid);
  std::string id = publish(place, draft(nap_job, 1, std::int64_t{60'000}));
  supervisor.send_busy(place, id, pid, 0);
  worker.send_job(place, id, 0, 1);
  std::string page = share::job_path(id) + "/" + share::progress_name({0, 1, 1});
  EXPECT_TRUE(eventually([&] {
    auto progress = share::read_progress(place.place().files(), page);
    return progress && progress->heartbeat >= 2;
  }));
}

TEST(Supervisor, ARunningTasksTextIsTrimmedOnDisk) {
  TemporaryPlace place;
  SupervisorProcess supervisor(spec_of("--errand-worker"));
  std::int64_t pid = 0;
  WorkerChannel worker = supervisor.take_spare(pid);
  JobDraft job = draft(much_job, 1, std::int64_t{32});
  std::string id = publish(place, job);
  supervisor.send_busy(place, id, pid, 0, 1 << 20);
  worker.send_job(place, id, 0, 1);
  struct stat status {};
  EXPECT_TRUE(eventually([&] {
    return stat(place.file(id, share::console_name({0, 1, 1})).c_str(), &status) == 0 &&
           status.st_size == 32 << 20 && status.st_blocks * 512 < 4 << 20;
  })) << status.st_blocks * 512;
}

TEST(Supervisor, SleepsWhileNothingHappens) {
  SupervisorProcess supervisor(spec_of("--errand-worker"));
  std::int64_t pid = 0;
  WorkerChannel worker = supervisor.take_spare(pid);
  auto switches = [&] {
    std::ifstream status("/proc/" + std::to_string(supervisor.pid()) + "/status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("voluntary_ctxt_switches")) return line;
    }
    return std::string();
  };
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  std::string before = switches();
  std::this_thread::sleep_for(std::chrono::milliseconds(2200));
  EXPECT_EQ(switches(), before);
}

}  // namespace
}  // namespace errand::worker
