// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include "faults/fault_fixture.h"

/// Tasks that end in ways of their own: each gets the outcome it deserves, and the others their values.
namespace errand::faults {
namespace {

using ::testing::HasSubstr;
using TaskEnds = Faults;

TEST_F(TaskEnds, ExitAndUnderscoreExitAreFailuresThatNameTheCode) {
  auto job = exec(context, ends_by_job, each(std::vector<std::string>{"exit", "_exit", "exit 0"}));
  ASSERT_TRUE(job.ok()) << job.error().message;
  EXPECT_EQ(ended(*job).status, JobStatus::failed) << "no task has a value";
  auto outcomes = job->partial_results();
  ASSERT_TRUE(outcomes.ok()) << outcomes.error().message;
  ASSERT_EQ(outcomes->size(), 3U);
  const char* codes[] = {"3", "4", "0"};
  for (std::size_t task = 0; task < 3; ++task) {
    ASSERT_FALSE((*outcomes)[task].succeeded());
    EXPECT_EQ((*outcomes)[task].failure().cause, FailureCause::user_error);
    EXPECT_THAT((*outcomes)[task].failure().message, HasSubstr(codes[task]));
    EXPECT_EQ((*outcomes)[task].attempt, 0U) << "its own doing: not started again";
  }
  expect_only_idle_ones();
}

TEST_F(TaskEnds, SegmentationFaultAbortAndStackOverflowAreGivenUpAndTheOthersGoOn) {
  if (sanitized) GTEST_SKIP() << "a sanitizer turns crashes into exits";
  context.lost_task_retries = 1;
  auto crashes = exec(context, ends_by_job, each(std::vector<std::string>{"segv", "abort"}));
  auto overflow = exec(context, overflow_job);
  auto fine = exec(context, value_job, each(numbers(50)));
  ASSERT_TRUE(crashes.ok() && overflow.ok() && fine.ok());
  StatusReport report = ended(*crashes);
  EXPECT_EQ(report.status, JobStatus::failed);
  EXPECT_THAT(report.reason, HasSubstr("signal"));
  report = ended(*overflow);
  EXPECT_EQ(report.status, JobStatus::failed);
  EXPECT_THAT(report.reason, HasSubstr("signal 11"));
  EXPECT_EQ(ended(*fine).status, JobStatus::finished);
  expect_values(*fine, 50);
  auto outcomes = crashes->partial_results();
  ASSERT_TRUE(outcomes.ok());
  ASSERT_EQ(outcomes->size(), 2U);
  for (const auto& outcome : *outcomes) {
    EXPECT_EQ(outcome.failure().cause, FailureCause::given_up);
    EXPECT_EQ(outcome.attempt, 1U) << "started once and once again";
  }
  expect_only_idle_ones();
}

TEST_F(TaskEnds, APoisonTaskIsGivenUpAfterItsRetriesWhileTheOthersGoOn) {
  auto job = exec(context, poison_job, each(numbers(200)), 77);
  ASSERT_TRUE(job.ok());
  StatusReport report = ended(*job);
  EXPECT_EQ(report.status, JobStatus::finished);
  EXPECT_EQ(report.progress.succeeded, 199U);
  EXPECT_EQ(report.progress.failed, 1U);
  expect_values(*job, 200, {77});
  auto results = job->results();
  EXPECT_EQ(results->failure(77)->cause, FailureCause::given_up);
  EXPECT_THAT(results->failure(77)->message, HasSubstr("3 times"));
  EXPECT_THAT(results->failure(77)->message, HasSubstr("signal 9"));
}

TEST_F(TaskEnds, AThrownIntIsAFailureThatNamesItsType) {
  auto job = exec(context, throws_int_job);
  EXPECT_EQ(ended(*job).status, JobStatus::failed);
  auto outcomes = job->partial_results();
  ASSERT_TRUE(outcomes.ok() && outcomes->size() == 1U);
  EXPECT_THAT((*outcomes)[0].failure().type, HasSubstr("int"));
}

TEST_F(TaskEnds, AClosedStandardOutputLeavesTheNextTasksTheirs) {
  context.cores = 1;
  auto closing = exec(context, closes_job, each(numbers(5)));
  EXPECT_EQ(ended(*closing).status, JobStatus::finished);
  expect_values(*closing, 5);
  auto printing = exec(context, prints_job, each(std::vector<std::uint64_t>{0, 0}));
  EXPECT_EQ(ended(*printing).status, JobStatus::finished);
  EXPECT_EQ(printing->output().value_or("?"), "the end\nthe end\n");
}

TEST_F(TaskEnds, OutputBeyondTheConsoleLimitKeepsHeadAndTailAndSaysSo) {
  context.console_limit = 64 << 10;
  auto job = exec(context, prints_job, each(std::vector<std::uint64_t>{8 << 20, 0}));
  EXPECT_EQ(ended(*job).status, JobStatus::finished);
  auto text = job->output();
  ASSERT_TRUE(text.ok()) << text.error().message;
  EXPECT_LT(text->size(), std::size_t{80} << 10);
  EXPECT_THAT(*text, ::testing::StartsWith("xxxx"));
  EXPECT_THAT(*text, ::testing::EndsWith("the end\nthe end\n"));
  EXPECT_THAT(*text, ::testing::ContainsRegex("[0-9]+[^x\n]*(bytes|B|cut|left out)")) << "the cut is stated";
  auto results = job->results();
  ASSERT_TRUE(results.ok());
  EXPECT_EQ((*results)[0], 8 << 20);
}

TEST_F(TaskEnds, ATaskOverItsTimeLimitIsKilledAndNotStartedAgain) {
  context.task_time_limit = milliseconds(300);
  auto job = exec(context, sleep_job, each(numbers(3)), each(std::vector<int>{0, 60'000, 0}));
  EXPECT_EQ(ended(*job).status, JobStatus::finished);
  expect_values(*job, 3, {1});
  auto results = job->results();
  EXPECT_EQ(results->failure(1)->cause, FailureCause::time_limit);
  EXPECT_EQ(results->failure(1)->attempt, 0U);
  expect_only_idle_ones();
}

TEST_F(TaskEnds, ATaskOverItsMemoryLimitFailsAndTheNextHasRoom) {
  if (sanitized) GTEST_SKIP() << "a sanitizer's own memory is over the limit";
  context.task_memory_limit = 256 << 20;
  context.cores = 1;
  std::vector<std::uint64_t> sizes = {1 << 20, std::uint64_t{1} << 30, 1 << 20};
  auto job = exec(context, allocate_job, each(sizes));
  EXPECT_EQ(ended(*job).status, JobStatus::finished);
  auto results = job->results();
  ASSERT_TRUE(results.ok()) << results.error().message;
  ASSERT_EQ(results->failures().size(), 1U);
  ASSERT_NE(results->failure(1), nullptr);
  EXPECT_EQ(results->failure(1)->cause, FailureCause::memory_limit);
  EXPECT_EQ((*results)[2], std::uint64_t{1} << 20);
}

TEST_F(TaskEnds, AMissingWorkingDirectoryFailsTheTaskWithThatSentence) {
  std::filesystem::create_directory(path("there"));
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(path("there"));
  for (int i = 0; i < 2; ++i) {
    auto blocker = exec(context, sleep_job, 0, 500);
    ASSERT_TRUE(blocker.ok());
  }
  auto job = exec(context, value_job, each(numbers(2)));
  auto program = exec_program(context, {"/bin/true"});
  std::filesystem::current_path(before);
  ASSERT_TRUE(job.ok() && program.ok());
  std::filesystem::remove(path("there"));
  StatusReport report = ended(*job);
  EXPECT_EQ(report.status, JobStatus::failed);
  EXPECT_THAT(report.reason, HasSubstr(path("there")));
  EXPECT_THAT(ended(*program).reason, HasSubstr(path("there")));
  auto outcomes = job->partial_results();
  ASSERT_TRUE(outcomes.ok() && outcomes->size() == 2U);
  EXPECT_EQ((*outcomes)[0].failure().cause, FailureCause::not_startable);
}

TEST_F(TaskEnds, TheFirstFailureStopsAJobThatAsksForIt) {
  context.cores = 1;
  auto job = exec(context, throws_at_job, each(numbers(100)), 100, continue_on_failure(false));
  StatusReport report = ended(*job);
  EXPECT_EQ(report.status, JobStatus::failed);
  EXPECT_THAT(report.reason, HasSubstr("task 0 throws"));
  EXPECT_LT(report.progress.succeeded, 99U);
  auto results = job->results();
  ASSERT_FALSE(results.ok());
  EXPECT_EQ(results.error().code, ErrorCode::job_failed);
}

TEST_F(TaskEnds, StopOnFailureEndsTasksThatRunElsewhere) {
  auto job = exec(context, sleeps_or_throws_job, each(numbers(2)), each(std::vector<int>{600'000, 300}), 1,
                  continue_on_failure(false), task_chunk_size(1));
  ASSERT_TRUE(job.ok());
  StatusReport report = ended(*job);  // not after ten minutes
  EXPECT_EQ(report.status, JobStatus::failed);
  EXPECT_THAT(report.reason, HasSubstr("task 1 throws"));
  expect_only_idle_ones();
}

TEST_F(TaskEnds, RetryRunsOnlyWhatFailedAndKeepsBothAttempts) {
  auto job = exec(context, flaky_job, each(numbers(4)), path("flag"));
  EXPECT_EQ(ended(*job).progress.failed, 1U);
  auto retried = job->retry();
  ASSERT_TRUE(retried.ok()) << retried.error().message;
  EXPECT_EQ(retried->tasks, 1U);
  EXPECT_EQ(ended(*job).status, JobStatus::finished);
  expect_values(*job, 4);
  auto outcomes = job->partial_results();
  EXPECT_EQ((*outcomes)[0].attempt, 1U);
  EXPECT_EQ((*outcomes)[1].attempt, 0U);
  expect_two_readers_agree(*job);
}

TEST_F(TaskEnds, ADaemonOfATaskThatEndedIsKilledWhenItsWorkerEnds) {
  context.cores = 1;
  auto job = exec(context, daemon_job, path("daemon"), 0);
  EXPECT_EQ(ended(*job).status, JobStatus::finished);
  pid_t daemon = std::stoi(read_file(path("daemon")));
  EXPECT_TRUE(eventually([daemon] { return !is_running(daemon); }));
  expect_only_idle_ones();
}

TEST_F(TaskEnds, ADaemonOfACanceledJobIsDeadWhenTheCancelReturns) {
  auto job = exec(context, daemon_job, path("daemon"), 60'000);
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(path("daemon")); }));
  pid_t daemon = std::stoi(read_file(path("daemon")));
  ASSERT_TRUE(is_running(daemon));
  auto canceled = job->cancel();
  ASSERT_TRUE(canceled.ok()) << canceled.error().message;
  EXPECT_TRUE(canceled->canceled) << canceled->message;
  EXPECT_FALSE(is_running(daemon));
  EXPECT_EQ(status(*job).status, JobStatus::canceled);
}

TEST_F(TaskEnds, AFlockLeftInAForkedChildHoldsNothingUp) {
  context.cores = 1;
  auto job = exec(context, flock_job, path("locked"));
  EXPECT_EQ(ended(*job).status, JobStatus::finished);
  auto next = exec(context, value_job, each(numbers(10)));
  EXPECT_EQ(ended(*next).status, JobStatus::finished);
  expect_values(*next, 10);
  auto cleaned = cleanup_jobs({*job}, {true, {}});
  ASSERT_TRUE(cleaned.ok());
  EXPECT_EQ(cleaned->removed.size(), 1U);
  expect_only_idle_ones();
}

using HeavyTaskEnds = Faults;

TEST_F(HeavyTaskEnds, AGibibyteOfOutputIsCutToTheLimit) {
  context.cores = 1;
  auto job = exec(context, prints_job, std::uint64_t{1} << 30);
  EXPECT_EQ(ended(*job).status, JobStatus::finished);
  std::uint64_t size = 0;
  ASSERT_TRUE(get_job_output(*job, [&](std::string_view text) { size += text.size(); }).ok());
  EXPECT_GE(size, std::uint64_t{60} << 20);
  EXPECT_LE(size, std::uint64_t{65} << 20);
  std::uint64_t blocks = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory(*job))) {
    struct stat info {};
    ASSERT_EQ(::stat(entry.path().c_str(), &info), 0);
    if (entry.path().filename().string().rfind("console", 0) == 0) {
      blocks += static_cast<std::uint64_t>(info.st_blocks) * 512;
    }
  }
  EXPECT_LE(blocks, std::uint64_t{80} << 20) << "the hole takes no room";
}

}  // namespace
}  // namespace errand::faults
