// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <new>
#include <thread>

#include "errand/random.h"
#include "share/progress_page.h"
#include "worker/exit_code.h"
#include "worker_harness.h"

namespace errand::worker {
namespace {

using testing::HasSubstr;

std::int64_t square(std::int64_t n) {
  return n * n;
}
const auto square_job = errand::function("square", square);

std::uint32_t draw() {
  return rng()();
}
const auto draw_job = errand::function("draw", draw);

std::string long_text(std::int64_t size) {
  return std::string(static_cast<std::size_t>(size), 'x');
}
const auto long_text_job = errand::function("long_text", long_text);

std::int64_t throw_int(std::int64_t n) {
  if (n == 1) throw 7;
  if (n == 2) throw std::runtime_error("two is wrong");
  return n;
}
const auto throw_job = errand::function("throw_int", throw_int);

std::string environment() {
  auto value = [](const char* name) { return std::string(std::getenv(name) ? std::getenv(name) : "unset"); };
  return value("ERRAND_JOB") + " " + value("ERRAND_TASK") + " " + value("ERRAND_ATTEMPT");
}
const auto environment_job = errand::function("environment", environment);

std::string directory() {
  return get_current_dir_name();
}
const auto directory_job = errand::function("directory", directory);

/// Destroyed after everything that came to be later than the program's globals.
struct LastToGo {
  bool lingers = false;
  ~LastToGo() {
    if (lingers) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
} last_to_go;

void leave(std::int64_t how) {
  last_to_go.lingers = true;  // the flusher wakes while the process ends, and needs what it uses
  if (how == 1) _exit(3);
  if (how == 2) std::exit(0);
  if (how == 3) std::abort();
}
const auto leave_job = errand::function("leave", leave);

std::int64_t sleep_ms(std::int64_t ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
  return ms;
}
const auto sleep_job = errand::function("sleep_ms", sleep_ms);

std::int64_t recurse(std::int64_t n) {
  volatile char room[4096];
  room[0] = static_cast<char>(n);
  return n == 0 ? room[0] : recurse(n + 1) + room[0];
}
const auto recurse_job = errand::function("recurse", recurse);

std::int64_t fork_and_return() {
  if (fork() == 0) return 2;  // the child comes back, too
  int status = 0;
  ::wait(&status);
  return 1;
}
const auto fork_job = errand::function("fork_and_return", fork_and_return);

std::int64_t allocate(std::int64_t mebibytes) {
  std::vector<char> memory(static_cast<std::size_t>(mebibytes) << 20, 'a');
  return memory.back();
}
const auto allocate_job = errand::function("allocate", allocate);

std::int64_t read_int(const ReadOutcome& outcome) {
  std::size_t offset = 0;
  return detail::read_msgpack<std::int64_t>(std::as_bytes(std::span<const char>(outcome.bytes)), offset);
}

std::string read_text(const ReadOutcome& outcome) {
  if (outcome.codec == Codec::raw) return outcome.bytes;
  std::size_t offset = 0;
  return detail::read_msgpack<std::string>(std::as_bytes(std::span<const char>(outcome.bytes)), offset);
}

TEST(WorkerLoop, RunsTheTasksOfARangeInOrderAndSaysSo) {
  TemporaryPlace place;
  std::vector<std::int64_t> numbers = {3, 4, 5, 6};
  std::string id = publish(place, draft(square_job, 0, each(numbers)));
  ForkedWorker worker;
  worker.channel().send_job(place, id, 0, 2, range_drain);
  auto done = worker.channel().next();
  ASSERT_TRUE(done);
  EXPECT_EQ(done->type, MessageType::done);
  EXPECT_EQ(done->numbers[3], 0);
  EXPECT_EQ(done->numbers[4], 2);
  EXPECT_EQ(done->numbers[5], 0);
  EXPECT_EQ(done->flags & done_closed, 0) << "more may come";
  ReadLog half = read_log(place, id);
  EXPECT_EQ(half.outcomes.size(), 2U);
  EXPECT_EQ(half.durable, 2U);
  worker.channel().send_range(2, 2, range_last);
  done = worker.channel().next();
  ASSERT_TRUE(done);
  EXPECT_EQ(done->type, MessageType::done);
  EXPECT_EQ(done->flags & done_closed, done_closed);
  EXPECT_EQ(read_log(place, id).durable, 4U) << "durable before it says so";
  EXPECT_EQ(worker.channel().next()->type, MessageType::closed);
  EXPECT_EQ(worker.wait(), 0);
  ReadLog log = read_log(place, id);
  EXPECT_THAT(log.order, testing::ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(read_int(log.outcomes[3]), 36);
  EXPECT_EQ(log.durable, 4U);
}

TEST(WorkerLoop, TheProgressPageCountsRecordedOutcomesAndSaysClosed) {
  TemporaryPlace place;
  std::vector<std::int64_t> numbers = {0, 1, 2, 3};
  std::string id = publish(place, draft(throw_job, 0, each(numbers)));
  ASSERT_EQ(run_whole(place, id, 4), 0);
  auto progress = share::read_progress(place.place().files(),
                                       share::job_path(id) + "/" + share::progress_name({0, 1, 1}));
  ASSERT_TRUE(progress) << progress.error().message;
  EXPECT_EQ(progress->succeeded, 2U);
  EXPECT_EQ(progress->failed, 2U);
  EXPECT_EQ(progress->durable, 4U);
  EXPECT_TRUE(progress->closed);
  EXPECT_FALSE(progress->current_task);
}

TEST(WorkerLoop, FinishMakesEverythingDurableAndEnds) {
  TemporaryPlace place;
  std::string id = publish(place, draft(draw_job, 10));
  ForkedWorker worker;
  worker.channel().send_job(place, id, 0, 10, 0);
  EXPECT_EQ(worker.channel().next()->type, MessageType::done);
  worker.channel().send_finish();
  EXPECT_EQ(worker.channel().next()->type, MessageType::closed);
  EXPECT_EQ(worker.wait(), 0);
  EXPECT_EQ(read_log(place, id).durable, 10U);
}

TEST(WorkerLoop, ASpareWhoseAgentIsGoneEnds) {
  ForkedWorker worker;
  worker.channel().hang_up();
  EXPECT_EQ(worker.wait(), 0);
}

TEST(WorkerLoop, WhenTheAgentIsGoneTheTaskInHandIsFinishedAndRecordedAndNoOther) {
  TemporaryPlace place;
  std::string id = publish(place, draft(sleep_job, 1000, std::int64_t{100}));
  ForkedWorker worker;
  worker.channel().send_job(place, id, 0, 1000);
  std::string page = share::job_path(id) + "/" + share::progress_name({0, 1, 1});
  ASSERT_TRUE(eventually([&] {
    auto progress = share::read_progress(place.place().files(), page);
    return progress && progress->current_task;
  }));
  worker.channel().hang_up();
  EXPECT_EQ(worker.wait(), 0);
  ReadLog log = read_log(place, id);
  EXPECT_GE(log.outcomes.size(), 1U);
  EXPECT_LT(log.outcomes.size(), 1000U);
  EXPECT_EQ(log.durable, log.outcomes.size());
}

TEST(WorkerLoop, AnExceptionThatIsNoneAndOneThatIsBecomeFailures) {
  TemporaryPlace place;
  std::vector<std::int64_t> numbers = {0, 1, 2, 3};
  std::string id = publish(place, draft(throw_job, 0, each(numbers)));
  ASSERT_EQ(run_whole(place, id, 4), 0);
  ReadLog log = read_log(place, id);
  EXPECT_EQ(log.outcomes[1].cause, FailureCause::user_error) << log.outcomes[1].failure.message;
  EXPECT_EQ(log.outcomes[1].failure.type, "int");
  EXPECT_THAT(log.outcomes[1].failure.message, HasSubstr("not a std::exception"));
  EXPECT_EQ(log.outcomes[2].failure.type, "std::runtime_error");
  EXPECT_EQ(log.outcomes[2].failure.message, "two is wrong");
  EXPECT_EQ(read_int(log.outcomes[3]), 3);
}

TEST(WorkerLoop, WithoutContinueOnFailureTheRangeEndsWithTheFirstFailure) {
  TemporaryPlace place;
  std::vector<std::int64_t> numbers = {0, 1, 2, 3};
  JobDraft job = draft(throw_job, 0, each(numbers));
  job.manifest.continue_on_failure = false;
  std::string id = publish(place, job);
  ForkedWorker worker;
  worker.channel().send_job(place, id, 0, 4);
  auto done = worker.channel().next();
  EXPECT_EQ(done->numbers[4], 2);
  EXPECT_EQ(done->numbers[5], 1);
  EXPECT_EQ(worker.wait(), 0);
  EXPECT_EQ(read_log(place, id).outcomes.size(), 2U);
}

TEST(WorkerLoop, ATaskFindsItsVariables) {
  TemporaryPlace place;
  std::string id = publish(place, draft(environment_job, 20));
  ForkedWorker worker;
  worker.channel().send_job(place, id, 9, 2, range_last, 4);
  ASSERT_EQ(worker.wait(), 0);
  ReadLog log = read_log(place, id);
  EXPECT_EQ(read_text(log.outcomes[9]), id + " 9 4");
  EXPECT_EQ(read_text(log.outcomes[10]), id + " 10 4");
  EXPECT_EQ(log.outcomes[9].attempt, 4U);
}

TEST(WorkerLoop, TasksRunInTheJobsDirectory) {
  TemporaryPlace place;
  JobDraft job = draft(directory_job, 1);
  job.manifest.working_directory = place.path();
  std::string id = publish(place, job);
  ASSERT_EQ(run_whole(place, id, 1), 0);
  EXPECT_EQ(read_text(read_log(place, id).outcomes[0]), place.path());
}

TEST(WorkerLoop, AMissingWorkingDirectoryFailsEveryTaskWithThatSentence) {
  TemporaryPlace place;
  JobDraft job = draft(directory_job, 2);
  job.manifest.working_directory = "/no/such/place";
  std::string id = publish(place, job);
  ASSERT_EQ(run_whole(place, id, 2), 0);
  ReadLog log = read_log(place, id);
  ASSERT_EQ(log.outcomes.size(), 2U);
  EXPECT_EQ(log.outcomes[1].cause, FailureCause::not_startable);
  EXPECT_THAT(log.outcomes[1].failure.message,
              HasSubstr("the working directory /no/such/place does not exist on "));
}

TEST(WorkerLoop, AnUnknownFunctionFailsEveryTask) {
  TemporaryPlace place;
  JobDraft job = draft(draw_job, 2);
  job.manifest.function = "gone";
  std::string id = publish(place, job);
  ASSERT_EQ(run_whole(place, id, 2), 0);
  ReadLog log = read_log(place, id);
  EXPECT_EQ(log.outcomes[0].cause, FailureCause::not_startable);
  EXPECT_THAT(log.outcomes[1].failure.message, HasSubstr("no function named \"gone\""));
}

TEST(WorkerLoop, LargeValuesGoToTheValuesFile) {
  TemporaryPlace place;
  std::vector<std::int64_t> sizes = {10, 70'000, 3'000'000};
  std::string id = publish(place, draft(long_text_job, 0, each(sizes)));
  ASSERT_EQ(run_whole(place, id, 3), 0);
  ReadLog log = read_log(place, id);
  EXPECT_FALSE(log.outcomes[0].stored);
  EXPECT_TRUE(log.outcomes[1].stored);
  EXPECT_EQ(log.outcomes[1].bytes, std::string(70'000, 'x'));
  EXPECT_EQ(read_text(log.outcomes[2]).size(), 3'000'000U);
  EXPECT_EQ(log.durable, 3U);
}

TEST(WorkerLoop, WithASeedATaskDrawsTheSameInAnyWorker) {
  TemporaryPlace place;
  JobDraft job = draft(draw_job, 8);
  job.manifest.seed = 42;
  std::string id = publish(place, job);
  ForkedWorker worker;
  worker.channel().send_job(place, id, 5, 2);
  ASSERT_EQ(worker.wait(), 0);
  ReadLog log = read_log(place, id);
  EXPECT_EQ(read_int(log.outcomes[5]), Random(42, 5)());
  EXPECT_EQ(read_int(log.outcomes[6]), Random(42, 6)());
}

TEST(WorkerLoop, AnEndThatTheTaskChoseIsNoSuccess) {
  TemporaryPlace place;
  for (std::int64_t how : {1, 2, 3}) {
    std::vector<std::int64_t> hows = {0, how, 0};
    std::string id = publish(place, draft(leave_job, 0, each(hows)));
    ForkedWorker worker([] {
      rlimit none{0, 0};
      setrlimit(RLIMIT_CORE, &none);
    });
    worker.channel().send_job(place, id, 0, 3);
    EXPECT_FALSE(worker.channel().next()) << "neither done nor closed may be said";
    int status = worker.wait();
    EXPECT_EQ(status != 0, how != 2) << "exit(0) is the one end that looks like ours";
    EXPECT_FALSE(read_log(place, id).outcomes.contains(1));
    auto progress = share::read_progress(place.place().files(),
                                         share::job_path(id) + "/" + share::progress_name({0, 1, 1}));
    ASSERT_TRUE(progress);
    EXPECT_EQ(progress->current_task, 1U) << "names the task that did it";
    EXPECT_FALSE(progress->closed);
  }
}

TEST(WorkerLoop, AStackOverflowEndsTheProcessAndThePageNamesTheTask) {
  TemporaryPlace place;
  std::string id = publish(place, draft(recurse_job, 1, std::int64_t{1}));
  ForkedWorker worker([] {
    rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
  });
  worker.channel().send_job(place, id, 0, 1);
  EXPECT_NE(worker.wait(), 0);
  auto progress = share::read_progress(place.place().files(),
                                       share::job_path(id) + "/" + share::progress_name({0, 1, 1}));
  ASSERT_TRUE(progress);
  EXPECT_EQ(progress->current_task, 0U);
}

TEST(WorkerLoop, AForkedChildThatReturnsIsNoSecondWorker) {
  TemporaryPlace place;
  std::string id = publish(place, draft(fork_job, 3));
  ASSERT_EQ(run_whole(place, id, 3), 0);
  ReadLog log = read_log(place, id);
  EXPECT_THAT(log.order, testing::ElementsAre(0, 1, 2));
  for (const auto& [task, outcome] : log.outcomes) EXPECT_EQ(read_int(outcome), 1);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(WorkerLoop, TooMuchMemoryIsTheLimitsFailureAndTheNextTaskRuns) {
  TemporaryPlace place;
  std::vector<std::int64_t> sizes = {1, 512, 1};
  JobDraft job = draft(allocate_job, 0, each(sizes));
  job.manifest.context.task_memory_limit = std::uint64_t{128} << 20;
  std::string id = publish(place, job);
  ASSERT_EQ(run_whole(place, id, 3), 0);
  ReadLog log = read_log(place, id);
  EXPECT_EQ(log.outcomes[1].cause, FailureCause::memory_limit);
  EXPECT_EQ(log.outcomes[2].cause, FailureCause::none);
}
#endif

TEST(WorkerLoop, ALongTaskDoesNotHoldBackItsPredecessors) {
  TemporaryPlace place;
  std::vector<std::int64_t> times = {0, 0, 0, 60'000};
  std::string id = publish(place, draft(sleep_job, 0, each(times)));
  ForkedWorker worker;
  worker.channel().send_job(place, id, 0, 4);
  EXPECT_TRUE(eventually([&] { return read_log(place, id).outcomes.size() == 3; }));
  EXPECT_TRUE(eventually([&] { return read_log(place, id).durable == 3; }));
  auto progress = share::read_progress(place.place().files(),
                                       share::job_path(id) + "/" + share::progress_name({0, 1, 1}));
  ASSERT_TRUE(progress);
  EXPECT_EQ(progress->succeeded, 3U);
  EXPECT_EQ(progress->durable, 3U);
  EXPECT_EQ(progress->current_task, 3U);
}

TEST(WorkerLoop, UsageIsMeasuredForTasksOfAMillisecondAndMore) {
  TemporaryPlace place;
  std::vector<std::int64_t> times = {0, 5};
  std::string id = publish(place, draft(sleep_job, 0, each(times)));
  ASSERT_EQ(run_whole(place, id, 2), 0);
  ReadLog log = read_log(place, id);
  ASSERT_TRUE(log.outcomes[1].usage);
  EXPECT_GT(log.outcomes[1].usage->peak_rss, 0U);
  EXPECT_GT(log.outcomes[1].usage->started_ns, 1'600'000'000'000'000'000);
}

TEST(WorkerLoop, AJobThatCannotBeReadEndsTheWorkerWithItsOwnCode) {
  TemporaryPlace place;
  ForkedWorker worker;
  worker.channel().send_job(place, share::make_job_id(1), 0, 1);
  int status = worker.wait();
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), exit_cannot_record);
}

TEST(WorkerLoop, ALogThatIsAlreadyThereIsNotTouched) {
  TemporaryPlace place;
  std::string id = publish(place, draft(draw_job, 2));
  ASSERT_EQ(run_whole(place, id, 2), 0);
  std::string before = place.read(id, share::log_name({0, 1, 1}));
  EXPECT_EQ(WEXITSTATUS(run_whole(place, id, 2)), exit_cannot_record);
  EXPECT_EQ(place.read(id, share::log_name({0, 1, 1})), before);
}

}  // namespace
}  // namespace errand::worker
