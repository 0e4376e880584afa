// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "client_fixture.h"

namespace errand::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class CleanupTest : public ClientTest {
 protected:
  JobRef failed() const {
    JobRef job = publish(1);
    Worker one = worker(job);
    one.failure(0, "no");
    one.sync();
    return job;
  }
  static CleanupOptions force() {
    CleanupOptions options;
    options.force = true;
    return options;
  }
};

TEST_F(CleanupTest, FailedAndCanceledJobsGo) {
  JobRef broken = failed();
  JobRef stopped = publish(1);
  auto directory = open(stopped);
  ASSERT_TRUE(share::record_canceled(*directory, {}).ok());
  auto report = cleanup_jobs({broken, stopped});
  ASSERT_TRUE(report.ok());
  EXPECT_THAT(report->removed, ElementsAre(broken.id(), stopped.id()));
  EXPECT_THAT(report->warnings, IsEmpty());
  EXPECT_FALSE(exists(broken));
  EXPECT_EQ(get_job_status(stopped)->status, JobStatus::missing);
}

TEST_F(CleanupTest, OfManyEachIsToldOfInItsPlace) {
  std::vector<JobRef> jobs;
  for (int i = 0; i < 1001; ++i) {  // more than are looked at together
    jobs.push_back(publish(1));
    if (i % 100 != 0) continue;
    ASSERT_TRUE(share::record_canceled(*open(jobs.back()), {}).ok());
  }
  JobRef unread = finished(1);
  std::vector<JobRef> named{jobs[1000], unread, jobs[5], jobs[0], jobs[1000], JobRef("rxJob_nonsense")};
  named.insert(named.end(), jobs.begin(), jobs.end());
  auto report = cleanup_jobs(named);
  ASSERT_TRUE(report.ok());
  std::vector<std::string> gone{jobs[1000].id(), jobs[0].id()};
  for (int i = 100; i < 1000; i += 100) gone.push_back(jobs[static_cast<std::size_t>(i)].id());
  EXPECT_EQ(report->removed, gone);
  ASSERT_EQ(report->warnings.size(), 1U + 1U + 1U + 1U + 990U + 2U);
  EXPECT_THAT(report->warnings[0], HasSubstr("get the results"));
  EXPECT_THAT(report->warnings[1], HasSubstr("wait for it"));
  EXPECT_THAT(report->warnings[2], HasSubstr("there is no job " + jobs[1000].id()));
  EXPECT_THAT(report->warnings[3], HasSubstr("rxJob_nonsense"));
  for (const JobRef& job : {jobs[0], jobs[100], jobs[1000]}) EXPECT_FALSE(exists(job));
  for (const JobRef& job : {jobs[1], jobs[999], unread}) EXPECT_TRUE(exists(job));
}

TEST_F(CleanupTest, AFinishedJobIsKeptAndBothWaysOutAreNamed) {
  JobRef job = finished(1);
  auto report = cleanup_jobs({job});
  ASSERT_EQ(report->warnings.size(), 1U);
  EXPECT_THAT(report->warnings[0], HasSubstr("force"));
  EXPECT_THAT(report->warnings[0], HasSubstr("get the results"));
  EXPECT_TRUE(exists(job));
  EXPECT_THAT(cleanup_jobs({job}, force())->removed, ElementsAre(job.id()));
  EXPECT_FALSE(exists(job));
}

TEST_F(CleanupTest, WhatHasNotEndedIsKept) {
  JobRef job = publish(1);
  auto report = cleanup_jobs({job});
  EXPECT_THAT(report->removed, IsEmpty());
  EXPECT_EQ(report->warnings.size(), 1U);
  EXPECT_TRUE(exists(job));
}

TEST_F(CleanupTest, EveryJobOfAListIsTriedAndEveryRemovalTold) {
  JobRef one = failed();
  JobRef two = failed();
  std::vector<std::string> told;
  CleanupOptions options;
  options.removed = [&](std::string_view text) { told.emplace_back(text); };
  auto report =
      cleanup_jobs({one, JobRef("rxJob_00000000000000000000000000"), JobRef("../.."), two}, options);
  ASSERT_TRUE(report.ok());
  EXPECT_THAT(report->removed, ElementsAre(one.id(), two.id()));
  EXPECT_EQ(report->warnings.size(), 2U);
  EXPECT_THAT(told, ElementsAre(directory(one), directory(two)));
}

TEST_F(CleanupTest, LinksAreRemovedNotFollowed) {
  JobRef job = failed();
  std::filesystem::create_directory(root_ + "/precious");
  std::ofstream(root_ + "/precious/file") << "x";
  std::filesystem::create_directory_symlink(root_ + "/precious", directory(job) + "/planted");
  EXPECT_EQ(cleanup_jobs({job})->removed.size(), 1U);
  EXPECT_TRUE(std::filesystem::exists(root_ + "/precious/file"));
}

TEST_F(CleanupTest, CancelOfAnEndedJobIsTooLate) {
  JobRef job = finished(1);
  auto canceled = cancel_job(job);
  ASSERT_TRUE(canceled.ok());
  EXPECT_FALSE(canceled->canceled);
  EXPECT_THAT(canceled->message, HasSubstr("had ended"));
  EXPECT_TRUE(get_job_results<std::string>(job).ok());
  EXPECT_FALSE(cancel_job("rxJob_00000000000000000000000000")->canceled);
}

TEST_F(CleanupTest, CancelOfAnotherHostsJobLeavesTheRequest) {
  JobRef job = publish(1);
  auto canceled = cancel_job(job);
  ASSERT_TRUE(canceled.ok()) << canceled.error().message;
  EXPECT_FALSE(canceled->canceled);
  EXPECT_THAT(canceled->message, HasSubstr("elsewhere"));
  EXPECT_TRUE(std::filesystem::exists(directory(job) + "/request.1"));
  EXPECT_NE(get_job_status(job)->reason.find("being canceled"), std::string::npos);
}

TEST_F(CleanupTest, RetryIsRefusedWhereNothingCanRunAgain) {
  JobRef stopped = publish(1);
  auto directory = open(stopped);
  ASSERT_TRUE(share::record_canceled(*directory, {}).ok());
  for (const JobRef& job : {stopped, publish(1), JobRef("rxJob_00000000000000000000000000")}) {
    auto retried = retry_job(job);
    ASSERT_FALSE(retried.ok());
    EXPECT_EQ(retried.error().code, ErrorCode::invalid_argument);
  }
  auto nothing = retry_job(finished(2));
  ASSERT_TRUE(nothing.ok()) << nothing.error().message;
  EXPECT_EQ(nothing->tasks, 0U);
}

TEST_F(CleanupTest, InspectShowsStrangersAndWhatWasDropped) {
  JobRef job = finished(1);
  std::ofstream(directory(job) + "/log.0.1.1", std::ios::app) << "a torn tail that is no record at all";
  std::ofstream(directory(job) + "/evil\x1b[2J") << "x";
  std::string text;
  ASSERT_TRUE(inspect_job(job, [&](std::string_view piece) { text += piece; }).ok());
  EXPECT_THAT(text, HasSubstr("function: \"area\""));
  EXPECT_THAT(text, HasSubstr("task 0, attempt 0"));
  EXPECT_THAT(text, HasSubstr("dropped:"));
  EXPECT_THAT(text, HasSubstr("evil^[[2J: no file of a job directory"));
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace errand::client
