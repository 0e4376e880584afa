// SPDX-License-Identifier: Apache-2.0
#include <sys/wait.h>

#include <set>

#include "conformance/conformance_fixture.h"

namespace errand::conformance {
namespace {

using Growing = Conformance;

TEST_P(Growing, EveryOutcomeIsHandedOutOnce) {
  auto job = open_growing_job(context, square_job);
  ASSERT_TRUE(job.ok()) << job.error().message;
  constexpr int count = 2000;
  std::set<std::uint64_t> seen;
  auto take = [&](milliseconds timeout) {
    auto outcomes = job->next(timeout);
    ASSERT_TRUE(outcomes.ok()) << outcomes.error().message;
    for (const auto& outcome : *outcomes) {
      EXPECT_TRUE(seen.insert(outcome.task).second) << outcome.task;
      EXPECT_EQ(outcome.value(), static_cast<int>(outcome.task * outcome.task));
    }
  };
  for (int i = 0; i < count; ++i) {
    auto task = job->append(i);
    ASSERT_TRUE(task.ok()) << task.error().message;
    EXPECT_EQ(*task, static_cast<std::uint64_t>(i));
    if (i % 500 == 499) take(milliseconds(10'000));
  }
  ASSERT_TRUE(job->close().ok());
  while (seen.size() < count) {
    const std::size_t before = seen.size();
    take(milliseconds(60'000));
    ASSERT_GT(seen.size(), before);
  }
  auto nothing = job->next();
  ASSERT_TRUE(nothing.ok());
  EXPECT_TRUE(nothing->empty());
  EXPECT_EQ(ended(job->job()).status, JobStatus::finished);
  EXPECT_EQ(job->job().results()->size(), static_cast<std::size_t>(count));
}

TEST_P(Growing, AppendedOnesRunWhileTheJobIsOpen) {
  auto job = open_growing_job(context, square_job);
  ASSERT_TRUE(job->append(6).ok());
  auto outcomes = job->next(milliseconds(60'000));
  ASSERT_TRUE(outcomes.ok());
  ASSERT_EQ(outcomes->size(), 1U);
  EXPECT_EQ((*outcomes)[0].value(), 36);
  EXPECT_EQ(job->job().status()->status, JobStatus::running) << "more may come";
  auto none = job->next(milliseconds(20));
  ASSERT_TRUE(none.ok());
  EXPECT_TRUE(none->empty()) << "the time ran out";
  ASSERT_TRUE(job->close().ok());
  ASSERT_TRUE(job->close().ok()) << "idempotent";
  EXPECT_EQ(job->append(7).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(ended(job->job()).status, JobStatus::finished);
}

TEST_P(Growing, OneAppenderAtATimeAndAnyLaterOneGoesOn) {
  JobRef ref;
  {
    auto job = open_growing_job(context, square_job);
    ASSERT_TRUE(job.ok());
    ref = job->job();
    ASSERT_TRUE(job->append(2).ok());
    auto second = reopen_growing_job(ref, square_job);
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, ErrorCode::exists);
    pid_t other = ::fork();
    if (other == 0) {
      auto theirs = reopen_growing_job(JobRef(ref.id(), ref.place()), square_job);
      ::_exit(!theirs && theirs.error().code == ErrorCode::exists ? 0 : 1);
    }
    int status = 0;
    ::waitpid(other, &status, 0);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(get_job_status(ref)->progress.total, job->flush().ok() ? 1U : 0U);
  }
  auto again = reopen_growing_job(ref, square_job);
  ASSERT_TRUE(again.ok()) << again.error().message;
  auto task = again->append(3);
  ASSERT_TRUE(task.ok());
  EXPECT_EQ(*task, 1U);
  ASSERT_TRUE(again->close().ok());
  std::set<int> values;
  while (values.size() < 2) {
    auto outcomes = again->next(milliseconds(60'000));
    ASSERT_TRUE(outcomes.ok());
    ASSERT_FALSE(outcomes->empty());
    for (const auto& outcome : *outcomes) values.insert(outcome.value());
  }
  EXPECT_EQ(values, (std::set<int>{4, 9})) << "outcomes are handed out from the first again";
}

TEST_P(Growing, ATaskThatHasNotStartedCanBeCanceled) {
  context.cores = 1;
  auto job = open_growing_job(context, sleep_job);
  ASSERT_TRUE(job->append(0, 1000).ok());
  ASSERT_TRUE(job->append(1, 1000).ok());
  ASSERT_TRUE(job->cancel_task(1).ok());
  ASSERT_TRUE(job->close().ok());
  EXPECT_EQ(job->cancel_task(99).error().code, ErrorCode::invalid_argument);
  ended(job->job());
  auto results = job->job().results();
  ASSERT_TRUE(results.ok()) << results.error().message;
  EXPECT_TRUE(results->succeeded(0));
  ASSERT_NE(results->failure(1), nullptr);
  EXPECT_EQ(results->failure(1)->cause, FailureCause::canceled);
}

TEST_P(Growing, ACanceledJobEndsTheWait) {
  auto job = open_growing_job(context, sleep_job);
  ASSERT_TRUE(job->append(0, 60'000).ok());
  ASSERT_TRUE(job->flush().ok());
  auto canceled = cancel_job(job->job());
  ASSERT_TRUE(canceled.ok()) << canceled.error().message;
  EXPECT_TRUE(canceled->canceled) << canceled->message;
  auto outcomes = job->next();
  ASSERT_FALSE(outcomes.ok());
  EXPECT_EQ(outcomes.error().code, ErrorCode::job_canceled);
}

ERRAND_FOR_EVERY_ENGINE(Growing);

}  // namespace
}  // namespace errand::conformance
