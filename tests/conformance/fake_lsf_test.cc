// SPDX-License-Identifier: Apache-2.0
#include "conformance/conformance_fixture.h"

/// What happens to jobs on LSF when somebody interferes, as far as a program that plays LSF can tell.
namespace errand::conformance {
namespace {

using ::testing::HasSubstr;
using LsfPlayed = Conformance;

int command(const std::string& line) {
  return std::system((line + " >/dev/null 2>&1").c_str());
}

TEST_P(LsfPlayed, AHeldJobIsBlockedAndGoesOnWhenReleased) {
  context.engine_options["hold"] = "true";
  auto job = exec(context, square_job, each(numbers(3)));
  ASSERT_TRUE(job.ok()) << job.error().message;
  EXPECT_TRUE(eventually([&] { return job->status()->reason.find("PSUSP") != std::string::npos; }));
  EXPECT_EQ(job->status()->status, JobStatus::queued);
  EXPECT_THAT(job->status()->reason, HasSubstr("blocked:"));
  ASSERT_EQ(command("bresume -J " + job->id() + "-1"), 0);
  EXPECT_EQ(ended(*job).status, JobStatus::finished);
  EXPECT_EQ((*job->results())[2], 4);
}

TEST_P(LsfPlayed, BkillBehindOurBackIsAFailureWithThatReasonAndCanBeRetried) {
  auto job = exec(context, sleep_job, each(numbers(2)), 60'000);
  ASSERT_TRUE(job.ok()) << job.error().message;
  ASSERT_TRUE(eventually([&] { return job->status()->progress.running == 2; }));
  ASSERT_EQ(command("bkill -J " + job->id() + "-1 0"), 0);
  StatusReport report = ended(*job);
  EXPECT_EQ(report.status, JobStatus::failed) << report.reason;
  EXPECT_THAT(report.reason, HasSubstr("TERM_OWNER"));
  ASSERT_TRUE(job->retry().ok());
  ASSERT_TRUE(eventually([&] { return job->status()->progress.running == 2; }));
  ASSERT_TRUE(job->cancel().ok());
  EXPECT_EQ(ended(*job).status, JobStatus::canceled);
}

/// A variable of the program that plays LSF, until the end of the test.
class Played {
 public:
  Played(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~Played() { ::unsetenv(name_); }
  Played(const Played&) = delete;
  Played& operator=(const Played&) = delete;

 private:
  const char* name_;
};

TEST_P(LsfPlayed, AnOldBjobsIsAskedInTheOldWay) {
  const Played old("FAKE_LSF_OLD", "1");
  auto job = exec(context, sleep_job, each(numbers(2)), 2000);
  ASSERT_TRUE(job.ok()) << job.error().message;
  EXPECT_TRUE(eventually([&] { return job->status()->status == JobStatus::running; }));
  StatusReport report = ended(*job);
  EXPECT_EQ(report.status, JobStatus::finished) << report.reason;
}

TEST_P(LsfPlayed, WithAnOldBjobsACancelAndAKillAreToldApart) {
  const Played old("FAKE_LSF_OLD", "1");
  auto canceled = exec(context, sleep_job, each(numbers(2)), 60'000);
  auto killed = exec(context, sleep_job, each(numbers(2)), 60'000);
  ASSERT_TRUE(canceled.ok() && killed.ok());
  ASSERT_TRUE(eventually([&] { return canceled->status()->progress.running == 2; }));
  ASSERT_TRUE(eventually([&] { return killed->status()->progress.running == 2; }));
  EXPECT_TRUE(canceled->cancel().ok());
  EXPECT_EQ(ended(*canceled).status, JobStatus::canceled);
  ASSERT_EQ(command("bkill -J " + killed->id() + "-1 0"), 0);
  StatusReport report = ended(*killed);
  EXPECT_EQ(report.status, JobStatus::failed) << report.reason;
  EXPECT_THAT(report.reason, HasSubstr("(EXIT)")) << "the wide list has no reasons";
}

TEST_P(LsfPlayed, WhatBjobsHasForgottenIsLookedUpByBhist) {
  const Played forgetful("FAKE_LSF_CLEAN", "0");
  auto job = exec(context, sleep_job, each(numbers(2)), 60'000);
  ASSERT_TRUE(job.ok()) << job.error().message;
  ASSERT_TRUE(eventually([&] { return job->status()->progress.running == 2; }));
  ASSERT_EQ(command("bkill -J " + job->id() + "-1 0"), 0);
  StatusReport report;
  EXPECT_TRUE(eventually([&] {
    report = *job->status();
    return report.status == JobStatus::failed;
  })) << report.reason;
  EXPECT_THAT(report.reason, HasSubstr("not by errand (EXIT, TERM_OWNER"));
  EXPECT_THAT(report.reason, HasSubstr("2 of 2 tasks not done"));
  ASSERT_TRUE(job->retry().ok());
  ASSERT_TRUE(eventually([&] { return job->status()->progress.running == 2; }));
  ASSERT_TRUE(job->cancel().ok());
}

TEST_P(LsfPlayed, WhatIsDoneNeedsNobodysMemory) {
  const Played forgetful("FAKE_LSF_CLEAN", "0");
  auto job = exec(context, square_job, each(numbers(3)));
  ASSERT_TRUE(job.ok()) << job.error().message;
  EXPECT_EQ(ended(*job).status, JobStatus::finished);
  EXPECT_EQ((*job->results())[2], 4);
}

TEST_P(LsfPlayed, WhatLsfRefusesIsRefusedAtSubmissionAndLeavesNothing) {
  context.engine_options["queue"] = "nowhere";
  auto job = exec(context, square_job, 1);
  ASSERT_FALSE(job.ok());
  EXPECT_EQ(job.error().code, ErrorCode::engine_refused);
  EXPECT_THAT(job.error().message, HasSubstr("No such queue"));
  EXPECT_TRUE(get_jobs(context)->empty());
}

INSTANTIATE_TEST_SUITE_P(FakeLsf, LsfPlayed, ::testing::Values("lsf"));

}  // namespace
}  // namespace errand::conformance
