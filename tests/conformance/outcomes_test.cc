// SPDX-License-Identifier: Apache-2.0
#include <sys/wait.h>

#include "conformance/conformance_fixture.h"

namespace errand::conformance {
namespace {

using ::testing::HasSubstr;
using Outcomes = Conformance;

TEST_P(Outcomes, FailuresFillTheirPlacesAndTheRestGoesOn) {
  auto job = exec(context, fails_at_job, each(numbers(10)), 3, auto_cleanup(true));
  ASSERT_TRUE(job.ok());
  StatusReport report = ended(*job);
  EXPECT_EQ(report.status, JobStatus::finished);
  EXPECT_EQ(report.progress.failed, 1U);
  auto results = job->results();
  ASSERT_TRUE(results.ok()) << results.error().message;
  ASSERT_NE(results->failure(3), nullptr);
  EXPECT_THAT(results->failure(3)->message, HasSubstr("task 3 is out of range"));
  EXPECT_THAT(results->failure(3)->type, HasSubstr("out_of_range"));
  EXPECT_EQ((*results)[9], 9);
  EXPECT_THAT(results->warning, HasSubstr("retry"));
  EXPECT_TRUE(exists(*job)) << "not every task succeeded";
}

TEST_P(Outcomes, WhatIsNoExceptionIsAFailureToo) {
  auto job = exec(context, odd_throw_job, each(numbers(2)));
  ended(*job);
  auto results = job->results();
  ASSERT_TRUE(results.ok()) << results.error().message;
  ASSERT_NE(results->failure(0), nullptr);
  EXPECT_THAT(results->failure(0)->type, HasSubstr("int"));
}

TEST_P(Outcomes, WithoutASingleValueTheJobHasFailed) {
  auto job = exec(context, fails_at_job, 1, 1);
  StatusReport report = ended(*job);
  EXPECT_EQ(report.status, JobStatus::failed);
  EXPECT_THAT(report.reason, HasSubstr("out of range"));
  auto results = job->results();
  ASSERT_FALSE(results.ok());
  EXPECT_EQ(results.error().code, ErrorCode::job_failed);
  EXPECT_THAT(results.error().message, HasSubstr("out of range"));
}

TEST_P(Outcomes, TheFirstFailureStopsTheJobWhenAskedTo) {
  context.cores = 1;
  auto job =
      exec(context, fails_at_job, each(numbers(1000)), 0, continue_on_failure(false), task_chunk_size(1));
  StatusReport report = ended(*job);
  EXPECT_EQ(report.status, JobStatus::failed);
  EXPECT_LT(report.progress.succeeded, 999U);
}

TEST_P(Outcomes, APoisonTaskIsGivenUpAndTheRestGoesOn) {
  context.lost_task_retries = 1;
  auto job = exec(context, crash_at_job, each(numbers(6)), 2);
  StatusReport report = ended(*job);
  EXPECT_EQ(report.status, JobStatus::finished) << report.reason;
  auto results = job->results();
  ASSERT_TRUE(results.ok()) << results.error().message;
  ASSERT_NE(results->failure(2), nullptr);
  EXPECT_EQ(results->failure(2)->cause, FailureCause::given_up);
  EXPECT_THAT(results->failure(2)->message, HasSubstr("signal 9"));
  EXPECT_EQ(results->failures().size(), 1U);
}

TEST_P(Outcomes, ATaskLostToTheMachineRunsAgain) {
  auto job = exec(context, crash_once_job, 0, path("crashed"));
  EXPECT_EQ(ended(*job).status, JobStatus::finished);
  auto results = job->results();
  ASSERT_TRUE(results.ok()) << results.error().message;
  EXPECT_EQ((*results)[0], 1) << "its attempt number";
}

TEST_P(Outcomes, ATaskOverItsTimeLimitFailsAndIsNotRepeated) {
  context.task_time_limit = milliseconds(300);
  auto job = exec(context, sleep_job, each(std::vector<int>{0, 1}), each(std::vector<int>{0, 60'000}));
  ended(*job);
  auto results = job->results();
  ASSERT_TRUE(results.ok()) << results.error().message;
  ASSERT_NE(results->failure(1), nullptr);
  EXPECT_EQ(results->failure(1)->cause, FailureCause::time_limit);
  EXPECT_EQ(results->failure(1)->attempt, 0U);
}

TEST_P(Outcomes, HeavyATaskOverItsMemoryLimitFails) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's own memory is over the limit";
#endif
  context.task_memory_limit = 256ULL << 20;
  auto job = exec(context, allocate_job, each(std::vector<std::uint64_t>{1 << 20, 1ULL << 30}));
  ended(*job);
  auto results = job->results();
  ASSERT_TRUE(results.ok()) << results.error().message;
  EXPECT_TRUE(results->succeeded(0));
  ASSERT_NE(results->failure(1), nullptr);
  EXPECT_EQ(results->failure(1)->cause, FailureCause::memory_limit);
}

TEST_P(Outcomes, RetryRunsOnlyWhatHasNoValue) {
  const std::string marker = path("mended");
  context.environment = {"PATH"};
  auto job = exec_program(
      context,
      {"/bin/sh", "-c", "echo run{index} >> " + path("runs") + "; test {index} != 1 || test -e " + marker},
      [] {
        ExecOptions options;
        options.times = 3;
        return options;
      }());
  ASSERT_TRUE(job.ok()) << job.error().message;
  ended(*job);
  ASSERT_EQ(job->results()->failures().size(), 1U);
  std::ofstream(marker) << "x";
  auto retried = job->retry();
  ASSERT_TRUE(retried.ok()) << retried.error().message;
  EXPECT_EQ(retried->tasks, 1U);
  EXPECT_EQ(ended(*job).status, JobStatus::finished);
  EXPECT_TRUE(job->results()->all_succeeded());
  std::ifstream runs(path("runs"));
  std::string all((std::istreambuf_iterator<char>(runs)), {});
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 4) << all;
  auto nothing = job->retry();
  ASSERT_TRUE(nothing.ok());
  EXPECT_EQ(nothing->tasks, 0U);
}

TEST_P(Outcomes, RetryOfARunningJobIsRefused) {
  auto job = exec(context, sleep_job, 1, 2000);
  auto retried = job->retry();
  ASSERT_FALSE(retried.ok());
  EXPECT_EQ(retried.error().code, ErrorCode::invalid_argument);
  ASSERT_TRUE(job->cancel().ok());
}

TEST_P(Outcomes, LargeValuesArriveMappedAndOutliveTheJob) {
  context.auto_cleanup = true;
  auto job = exec(context, large_job, each(std::vector<std::uint64_t>{0, 10, 65'536, 5'000'000}));
  ended(*job);
  auto results = job->results();
  ASSERT_TRUE(results.ok()) << results.error().message;
  EXPECT_FALSE(exists(*job));
  for (std::size_t i = 0; i < results->size(); ++i) {
    const Buffer& value = (*results)[i];
    for (std::size_t at = 0; at < value.size(); at += 997) {
      ASSERT_EQ(static_cast<unsigned>(value.bytes()[at]), static_cast<unsigned char>(at % 251));
    }
  }
  EXPECT_EQ((*results)[3].size(), 5'000'000U);
}

TEST_P(Outcomes, AnotherProcessTakesTheJobUpByItsId) {
  auto job = exec(context, square_job, each(numbers(20)));
  ASSERT_TRUE(job.ok());
  pid_t other = ::fork();
  if (other == 0) {
    Job<int> taken(job->id());
    bool waited = taken.wait().ok();
    auto results = taken.results();
    ::_exit(waited && results && results->size() == 20 && (*results)[19] == 361 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(other, &status, 0), other);
  EXPECT_EQ(status, 0);
}

TEST_P(Outcomes, TheWrongTypeIsATypedErrorAndRemovesNothing) {
  context.auto_cleanup = true;
  auto job = exec(context, where_job);
  ended(*job);
  auto wrong = get_job_results<int>(*job);
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().code, ErrorCode::type_mismatch);
  EXPECT_TRUE(exists(*job));
  EXPECT_TRUE(job->results().ok());
  EXPECT_FALSE(exists(*job));
}

TEST_P(Outcomes, ResultsOfARunningJobGiveTheProgress) {
  auto job = exec(context, sleep_job, each(numbers(2)), each(std::vector<int>{0, 30'000}));
  ASSERT_TRUE(eventually([&] {
    auto partial = job->partial_results();
    return partial && partial->size() == 1 && (*partial)[0].value() == 0;
  }));
  auto results = job->results();
  ASSERT_FALSE(results.ok());
  EXPECT_EQ(results.error().code, ErrorCode::not_finished);
  EXPECT_TRUE(results.error().transient);
  ASSERT_TRUE(job->cancel().ok());
}

TEST_P(Outcomes, AJobKeepsTheContextItWasSubmittedIn) {
  context.auto_cleanup = true;
  auto job = exec(context, square_job, 2);
  context.auto_cleanup = false;
  ended(*job);
  ASSERT_TRUE(job->results().ok());
  EXPECT_FALSE(exists(*job));
}

TEST_P(Outcomes, AKilledAgentCostsNoTask) {
  auto job = exec(context, sleep_job, each(numbers(20)), 50);
  ASSERT_TRUE(job.ok());
  ASSERT_TRUE(eventually([&] { return job->status()->progress.succeeded >= 2; }));
  for (pid_t agent : agents()) ::kill(agent, SIGKILL);
  EXPECT_EQ(ended(*job).status, JobStatus::finished);
  auto results = job->results();
  ASSERT_TRUE(results.ok()) << results.error().message;
  EXPECT_EQ(results->values(), numbers(20));
}

ERRAND_FOR_EVERY_ENGINE(Outcomes);

}  // namespace
}  // namespace errand::conformance
