// SPDX-License-Identifier: Apache-2.0
#include "client/evidence.h"

#include <gmock/gmock.h>

#include "client/job_report.h"
#include "client_fixture.h"

namespace errand::client {
namespace {

class EvidenceTest : public ClientTest {};

TEST_F(EvidenceTest, CountsEveryLogWhenNothingIsAlive) {
  JobRef job = publish(4);
  Worker one = worker(job, 1);
  one.value(0, "a");
  one.failure(1, "broken");
  one.sync();
  Worker owner = worker(job, 0);
  owner.failure(2, "lost", 0, FailureCause::given_up);
  owner.sync();
  auto directory = open(job);
  Gathered gathered = gather(*directory, {});
  EXPECT_EQ(gathered.evidence.total, 4U);
  EXPECT_EQ(gathered.evidence.values, 1U);
  EXPECT_EQ(gathered.evidence.errors, 1U);
  EXPECT_EQ(gathered.evidence.given_up, 1U);
  EXPECT_EQ(gathered.evidence.durable, 3U);
  ASSERT_TRUE(gathered.evidence.first_failure.has_value());
  EXPECT_EQ(gathered.evidence.first_failure->task, 1U);
  EXPECT_NE(gathered.index, nullptr);
}

TEST_F(EvidenceTest, WhileSomethingIsAliveTheWorkersOwnCountsAreEnough) {
  JobRef job = publish(10);
  Worker one = worker(job, 1);
  one.value(0, "a");  // not flushed: only the page knows
  page(job, one.key, 3, 1, 7);
  Worker owner = worker(job, 0);
  owner.failure(9, "lost", 0, FailureCause::given_up);
  owner.sync();
  auto directory = open(job);
  status::EngineReport engine;
  engine.alive = 1;
  Gathered gathered = gather(*directory, engine);
  EXPECT_EQ(gathered.evidence.values, 3U);
  EXPECT_EQ(gathered.evidence.errors, 1U);
  EXPECT_EQ(gathered.evidence.given_up, 1U);
  EXPECT_EQ(gathered.evidence.running_tasks, 1U);
  EXPECT_EQ(gathered.index, nullptr);
}

TEST_F(EvidenceTest, SumsThatReachTheTotalAreNotBelieved) {
  JobRef job = publish(2);
  Worker one = worker(job, 1);
  one.value(0, "a");
  one.sync();
  page(job, one.key, 2, 0, std::nullopt);
  auto directory = open(job);
  status::EngineReport engine;
  engine.alive = 1;
  EXPECT_EQ(gather(*directory, engine).evidence.values, 1U);
}

TEST_F(EvidenceTest, ARetryIsCountedExactly) {
  JobRef job = publish(2);
  Worker one = worker(job, 1);
  one.value(0, "a");
  one.failure(1, "broken");
  one.sync();
  auto directory = open(job);
  share::Request retry;
  retry.kind = share::Request::Kind::retry;
  retry.tasks = {{1, 2}};
  retry.first_attempt = 1;
  ASSERT_TRUE(directory->add_request(retry).ok());
  status::EngineReport engine;
  engine.alive = 1;
  Gathered gathered = gather(*directory, engine);
  EXPECT_EQ(gathered.evidence.values, 1U);
  EXPECT_EQ(gathered.evidence.errors, 0U);
  EXPECT_EQ(gathered.evidence.to_run_again, 1U);
}

TEST_F(EvidenceTest, WhatIsNotSyncedIsNotDurable) {
  JobRef job = publish(2);
  Worker one = worker(job, 1);
  one.value(0, "a");
  one.sync();
  one.value(1, "b");
  ASSERT_TRUE(one.log->flush().ok());
  auto directory = open(job);
  Gathered gathered = gather(*directory, {});
  EXPECT_EQ(gathered.evidence.values, 2U);
  EXPECT_EQ(gathered.evidence.durable, 1U);
  EXPECT_NE(get_job_status(job)->status, JobStatus::finished);
}

TEST_F(EvidenceTest, AVerdictSpeaksForARemovedJobFile) {
  JobRef job = publish(5);
  auto directory = open(job);
  share::Verdict verdict;
  verdict.total = 5;
  verdict.succeeded = 2;
  ASSERT_TRUE(share::record_canceled(*directory, verdict).ok());
  auto again = open(job);
  Gathered gathered = gather(*again, {});
  EXPECT_TRUE(gathered.evidence.verdict_canceled);
  EXPECT_EQ(gathered.evidence.total, 5U);
  EXPECT_EQ(get_job_status(job)->status, JobStatus::canceled);
}

TEST_F(EvidenceTest, DamagedFilesAreEvidenceToo) {
  JobRef job = finished(2);
  std::ofstream(directory(job) + "/progress.0.1.1") << "garbage";
  std::ofstream(directory(job) + "/log.0.1.7") << "garbage that is long enough to be taken for a record";
  std::ofstream(directory(job) + "/request.1") << "garbage";
  std::ofstream(directory(job) + "/seal") << "garbage";
  EXPECT_EQ(get_job_status(job)->status, JobStatus::finished);
  std::ofstream(directory(job) + "/job") << "garbage";
  auto status = get_job_status(job);
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(status->status, JobStatus::undetermined);
}

TEST_F(EvidenceTest, AskingWritesNothing) {
  JobRef ended = finished(3);
  JobRef open_one = publish(3);
  for (const JobRef& job : {ended, open_one}) {
    const std::string before = fingerprint(job);
    ASSERT_TRUE(get_job_status(job).ok());
    ASSERT_TRUE(get_job_info(job).ok());
    ASSERT_TRUE(get_job_output(job).ok());
    EXPECT_EQ(fingerprint(job), before);
  }
}

TEST_F(EvidenceTest, AJobThatEndsBetweenTheLookAtItsFilesAndTheEnginesAnswerIsNotMissing) {
  JobRef canceled = publish(2);
  auto listed = open(canceled);
  ASSERT_TRUE(share::settle_cancel(*open(canceled)).ok());
  JobReport report = report_as_listed(*listed);
  EXPECT_EQ(report.status.status, JobStatus::canceled) << report.status.reason;

  JobRef under_way = publish(2);
  listed = open(under_way);
  share::Verdict verdict;
  verdict.total = 2;
  auto other = open(under_way);
  ASSERT_TRUE(other->write_verdict(verdict).ok());  // and dies before it removes anything
  report = report_as_listed(*listed);
  EXPECT_EQ(report.status.status, JobStatus::canceled) << report.status.reason;
}

}  // namespace
}  // namespace errand::client
