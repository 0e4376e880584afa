// SPDX-License-Identifier: Apache-2.0
#include <ranges>

#include "conformance/conformance_fixture.h"

namespace errand::conformance {
namespace {

using ::testing::HasSubstr;
using Submission = Conformance;

TEST_P(Submission, ValuesComeInTaskOrder) {
  auto job = exec(context, square_job, each(numbers(100)));
  ASSERT_TRUE(job.ok()) << job.error().message;
  EXPECT_EQ(ended(*job).status, JobStatus::finished);
  auto results = job->results();
  ASSERT_TRUE(results.ok()) << results.error().message;
  ASSERT_EQ(results->size(), 100U);
  for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ((*results)[i], static_cast<int>(i * i));
  EXPECT_TRUE(results->all_succeeded());
  EXPECT_EQ(results->warning, "");
}

#if !defined(__clang__) || __clang_major__ >= 16  // before, clang cannot compile libstdc++'s views
/// Of a database: tests/database/program_test.cc.
TEST_P(Submission, AProgramThatIsGoneIsBroughtAgain) {
  if (context.engine == "database") return;
  for (int round = 0; round < 2; ++round) {
    auto job = exec(context, square_job, 6);
    ASSERT_TRUE(job) << job.error().message;
    ASSERT_TRUE(job->wait());
    EXPECT_EQ((*job->results())[0], 36);
    for (const auto& entry : std::filesystem::directory_iterator(context.share_dir + "/programs")) {
      std::filesystem::remove_all(entry);
    }
  }
}

TEST_P(Submission, ScalarsAreSharedAndRangesFanOut) {
  auto job = exec(context, fails_at_job, each(std::views::iota(0, 10)), 99);
  ASSERT_TRUE(job.ok()) << job.error().message;
  ended(*job);
  EXPECT_EQ(job->results()->size(), 10U);
}
#endif

TEST_P(Submission, WithoutFanOutThereIsOneTask) {
  auto job = exec(context, square_job, 7);
  ASSERT_TRUE(job.ok());
  ended(*job);
  auto results = job->results();
  ASSERT_TRUE(results.ok());
  ASSERT_EQ(results->size(), 1U);
  EXPECT_EQ((*results)[0], 49);
}

TEST_P(Submission, TimesRepeatsTheCall) {
  auto job = exec(context, square_job, 3, times(25));
  ASSERT_TRUE(job.ok());
  ended(*job);
  EXPECT_EQ(job->results()->values(), std::vector<int>(25, 9));
}

TEST_P(Submission, AWaitingContextReturnsWhenTheJobHasEnded) {
  context.wait = true;
  auto job = exec(context, square_job, each(numbers(5)));
  ASSERT_TRUE(job.ok()) << job.error().message;
  EXPECT_EQ(job->status()->status, JobStatus::finished);
  EXPECT_EQ(job->results()->size(), 5U);
}

TEST_P(Submission, AWaitingLocalSeqIsAPlainLoopInThisProcess) {
  context.wait = true;
  auto job = exec(LocalSeq(context), square_job, each(numbers(5)));
  ASSERT_TRUE(job.ok()) << job.error().message;
  EXPECT_TRUE(job->in_process());
  EXPECT_EQ((*job->results())[4], 16);
  EXPECT_EQ(entries("jobs"), 0U);
}

TEST_P(Submission, ANonWaitingLocalSeqHasOneWorkerAtATime) {
  auto job = exec(LocalSeq(context), sleep_job, each(numbers(4)), 50);
  ASSERT_TRUE(job.ok());
  std::uint64_t most = 0;
  WaitOptions options;
  options.progress = [&](const StatusReport& report) { most = std::max(most, report.progress.running); };
  ASSERT_TRUE(job->wait(options).ok());
  EXPECT_LE(most, 1U);
}

TEST_P(Submission, AnEmptyRangeIsFinishedAtOnceAndAsksNoEngine) {
  auto job = exec(context, square_job, each(std::vector<int>()));
  ASSERT_TRUE(job.ok()) << job.error().message;
  EXPECT_EQ(job->status()->status, JobStatus::finished);
  EXPECT_EQ(job->results()->size(), 0U);
  // A launchpad may hear of it in the moment before it is sealed.
  EXPECT_TRUE(context.engine == "database" || agents().empty());
}

TEST_P(Submission, WhatCannotBeMeantIsRefusedAndLeavesNothingBehind) {
  auto unequal = exec(context, sleep_job, each(numbers(3)), each(numbers(2)));
  auto none = exec(context, square_job, 1, times(0));
  auto negative = exec(context, square_job, 1, times(-2));
  auto disagreeing = exec(context, square_job, each(numbers(3)), times(4));
  for (const auto* job : {&unequal, &none, &negative, &disagreeing}) {
    ASSERT_FALSE(job->ok());
    EXPECT_EQ(job->error().code, ErrorCode::invalid_argument) << job->error().message;
  }
  EXPECT_EQ(entries("jobs") + entries("staging") + entries("active"), 0U);
}

TEST_P(Submission, MinusOneTimesMeansTheDefault) {
  auto job = exec(context, square_job, each(numbers(3)), times(-1));
  ASSERT_TRUE(job.ok());
  ended(*job);
  EXPECT_EQ(job->results()->size(), 3U);
}

TEST_P(Submission, AnUnknownEngineIsNamed) {
  context.engine = "abacus";
  auto job = exec(context, square_job, 1);
  ASSERT_FALSE(job.ok());
  EXPECT_EQ(job.error().code, ErrorCode::not_supported);
  EXPECT_THAT(job.error().message, HasSubstr("abacus"));
}

TEST_P(Submission, APlaceThatCannotBeWrittenIsAClearError) {
  context.share_dir = "/proc/errand";
  auto job = exec(context, square_job, 1);
  ASSERT_FALSE(job.ok());
  EXPECT_EQ(job.error().code, ErrorCode::place_unwritable) << job.error().message;
}

TEST_P(Submission, TheRecordedEnvironmentIsTheTasks) {
  ::setenv("ERRAND_CONFORMANCE_COPIED", "here", 1);
  ::setenv("ERRAND_CONFORMANCE_OTHER", "not recorded", 1);
  context.environment = {"ERRAND_CONFORMANCE_COPIED", "ERRAND_CONFORMANCE_SET=there"};
  std::vector<std::string> names{"ERRAND_CONFORMANCE_COPIED",
                                 "ERRAND_CONFORMANCE_SET",
                                 "ERRAND_CONFORMANCE_OTHER",
                                 "ERRAND_JOB",
                                 "ERRAND_TASK",
                                 "ERRAND_ATTEMPT"};
  auto job = exec(context, variable_job, each(names));
  ASSERT_TRUE(job.ok()) << job.error().message;
  ended(*job);
  auto results = job->results();
  ASSERT_TRUE(results.ok()) << results.error().message;
  EXPECT_EQ(results->values(), (std::vector<std::string>{"here", "there", "(unset)", job->id(), "4", "0"}));
}

TEST_P(Submission, TasksRunInTheSubmittersDirectoryAndKnowWhichTheyAre) {
  std::filesystem::create_directory(path("somewhere"));
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(path("somewhere"));
  auto job = exec(context, where_job, times(2));
  std::filesystem::current_path(before);
  ASSERT_TRUE(job.ok());
  ended(*job);
  EXPECT_EQ((*job->results())[1], job->id() + " 1 0 " + path("somewhere"));
}

TEST_P(Submission, AMissingWorkingDirectoryFailsTheTasksWithThatSentence) {
  std::filesystem::create_directory(path("gone"));
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(path("gone"));
  std::filesystem::remove(path("gone"));
  auto unnamed = exec(context, square_job, 1);
  std::filesystem::current_path(before);
  ASSERT_FALSE(unnamed.ok());
  EXPECT_EQ(unnamed.error().code, ErrorCode::invalid_argument);
}

TEST_P(Submission, ASeedGivesTheSameNumbersWhateverRunsThem) {
  auto one = exec(context, draw_job, times(40), seed(42), task_chunk_size(1));
  context.cores = 1;
  auto two = exec(context, draw_job, times(40), seed(42), task_chunk_size(40));
  auto other = exec(context, draw_job, times(40), seed(43));
  ended(*one);
  ended(*two);
  ended(*other);
  EXPECT_EQ(one->results()->values(), two->results()->values());
  EXPECT_NE(one->results()->values(), other->results()->values());
}

TEST_P(Submission, WithoutASeedEveryTaskDrawsDifferently) {
  auto job = exec(context, draw_job, times(200));
  ended(*job);
  auto results = job->results();
  ASSERT_TRUE(results.ok());
  std::vector<double> values = results->values();
  std::sort(values.begin(), values.end());
  EXPECT_EQ(std::unique(values.begin(), values.end()), values.end());
}

TEST_P(Submission, AnAutomaticSeedIsRecorded) {
  auto job = exec(context, draw_job, times(2), auto_seed());
  ASSERT_TRUE(job.ok());
  ended(*job);
  auto info = get_job_info(*job);
  ASSERT_TRUE(info.ok());
  ASSERT_TRUE(info->seed.has_value());
  auto again = exec(context, draw_job, times(2), seed(*info->seed));
  ended(*again);
  EXPECT_EQ(job->results()->values(), again->results()->values());
}

TEST_P(Submission, InfoShowsWhatWasSubmitted) {
  auto job = exec(context, square_job, each(numbers(3)), task_chunk_size(2), continue_on_failure(false));
  ASSERT_TRUE(job.ok());
  ended(*job);
  auto info = get_job_info(*job);
  ASSERT_TRUE(info.ok()) << info.error().message;
  EXPECT_EQ(info->summary.id, job->id());
  EXPECT_EQ(info->summary.function, "square");
  EXPECT_EQ(info->chunk_size, 2U);
  EXPECT_FALSE(info->continue_on_failure);
  EXPECT_EQ(info->context.engine, GetParam());
  EXPECT_EQ(info->working_directory, std::filesystem::current_path().string());
  EXPECT_THAT(info->signature, HasSubstr("int"));
}

TEST_P(Submission, TheLastJobIsKnown) {
  EXPECT_FALSE(last_pending_job().ok() && last_pending_job()->place() == context.share_dir);
  auto job = exec(context, square_job, 1);
  ASSERT_TRUE(job.ok());
  auto last = last_pending_job();
  ASSERT_TRUE(last.ok());
  EXPECT_EQ(last->id(), job->id());
  ended(*job);
}

void note_interruption(int) {}

TEST_P(Submission, AnInterruptedWaitLeavesANonWaitingJob) {
  struct sigaction action {};
  struct sigaction before {};
  action.sa_handler = note_interruption;
  ::sigaction(SIGINT, &action, &before);
  context.wait = true;
  const pthread_t waiter = ::pthread_self();
  std::atomic<bool> returned = false;
  std::thread interrupter([&] {
    while (!returned) {
      std::this_thread::sleep_for(milliseconds(50));
      if (!returned) ::pthread_kill(waiter, SIGINT);
    }
  });
  auto job = exec(context, sleep_job, 1, 1500);
  returned = true;
  interrupter.join();
  ::sigaction(SIGINT, &before, nullptr);
  ASSERT_TRUE(job.ok()) << job.error().message;
  EXPECT_NE(job->status()->status, JobStatus::finished);
  EXPECT_EQ(last_pending_job()->id(), job->id());
  EXPECT_EQ(ended(*job).status, JobStatus::finished);
}

ERRAND_FOR_EVERY_ENGINE(Submission);

}  // namespace
}  // namespace errand::conformance
