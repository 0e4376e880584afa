// SPDX-License-Identifier: Apache-2.0
// What becomes of a job whose submitter's role changes meanwhile: it loses its rights, it is dropped, or it
// has settings that would cut errand's statements short.
#include "database/launchpad_process.h"
#include "launchpad_fixture.h"

namespace errand::database {
namespace {

using testing::HasSubstr;

class DatabaseServerSubmitterRoleTest : public LaunchpadFixture {
 protected:
  void SetUp() override {
    LaunchpadFixture::SetUp();
    if (IsSkipped()) return;
    if (geteuid() != 0) GTEST_SKIP() << "without root one user has one launchpad";
    static int number = 0;
    carol_ = "carol_" + std::to_string(getpid()) + "_" + std::to_string(++number);
    make_carol();
  }
  void TearDown() override {
    if (!carol_.empty()) {
      Connection& administrator = own_administrator();
      EXPECT_TRUE(administrator.run_script("delete from errand.directory where owner = '" + carol_ + "'"));
      EXPECT_TRUE(administrator.run_script("drop role if exists " + carol_));
    }
    LaunchpadFixture::TearDown();
  }

  void make_carol() {
    must("create role " + carol_ + " login password 'carol-secret'; grant errand_user to " + carol_ +
         "; grant " + carol_ + " to errand_lender with admin option");
  }
  void must(const std::string& sql) {
    auto done = own_administrator().run_script(sql);
    ASSERT_TRUE(done) << sql << ": " << done.error().message;
  }
  ComputeContext context_of_carol() {
    Target target = target_as("alice");
    auto context = InDatabase("host=" + target.parameters["host"] + " port=" + target.parameters["port"] +
                              " user=" + carol_ + " password=carol-secret dbname=" + database_);
    EXPECT_TRUE(context) << (context ? "" : context.error().message);
    if (!context) return {};
    context->wait = false;
    return *context;
  }
  /// A job of carol whose task has begun, and waits for the file "go".
  Job<int> running_job() {
    auto job = exec(context_of_carol(), wait_for_file, 6, file("go"));
    EXPECT_TRUE(job) << (job ? "" : job.error().message);
    EXPECT_TRUE(eventually([&] { return began("go", 6); }));
    EXPECT_TRUE(eventually([&] {
      auto status = get_job_status(*job);
      return status && status->status == JobStatus::running;
    }));
    return *std::move(job);
  }
  /// By somebody who may still look: whether the job is done with.
  bool is_settled() {
    auto rows = own_administrator().run("select count(*)::bigint from errand.directory where owner = '" +
                                        carol_ + "' and path like 'jobs/%' and not active and lease is null");
    return rows && rows->number(0, 0) == 1;
  }
  /// Nothing is made up about a job that its submitter may not look at, and nothing is changed.
  static void expect_it_is_told_why(const Job<int>& job) {
    auto status = get_job_status(job);
    ASSERT_TRUE(status) << status.error().message;
    EXPECT_EQ(status->status, JobStatus::undetermined);
    EXPECT_THAT(status->reason, HasSubstr("permission denied"));
    EXPECT_FALSE(job.results());
    EXPECT_FALSE(cancel_job(job));
  }
  void expect_others_are_served() {
    auto others = exec(context_of("alice"), echo_after, 1);
    ASSERT_TRUE(others) << others.error().message;
    auto results = others->results();
    ASSERT_TRUE(results) << results.error().message;
    EXPECT_EQ((*results)[0], 1);
  }

  std::string carol_;
};

TEST_F(DatabaseServerSubmitterRoleTest, WithoutItsRightsItIsToldSoAndTheJobGoesOn) {
  auto launchpad = start();
  const auto job = running_job();
  must("revoke errand_user from " + carol_);
  expect_it_is_told_why(job);
  expect_others_are_served();
  let_go("go");
  EXPECT_TRUE(eventually([&] { return is_settled(); }));
  must("grant errand_user to " + carol_);
  auto ended = wait_for_job(job);
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(ended->status, JobStatus::finished) << ended->reason;
  auto results = job.results();
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_EQ((*results)[0], 6);
  EXPECT_EQ(starts("go", 6), 1);
}

TEST_F(DatabaseServerSubmitterRoleTest, ARoleThatIsDroppedHarmsNobodyElse) {
  auto launchpad = start();
  const auto job = running_job();
  must("drop role " + carol_);
  expect_it_is_told_why(job);
  expect_others_are_served();
  let_go("go");
  EXPECT_TRUE(eventually([&] { return is_settled(); })) << log_of(launchpad);
  EXPECT_EQ(starts("go", 6), 1);
  expect_others_are_served();
  EXPECT_EQ(stop(launchpad), 0);
  EXPECT_TRUE(processes_below(launchpad.scratch).empty());
}

TEST_F(DatabaseServerSubmitterRoleTest, AJobThatWaitsForADroppedRoleIsNotRun) {
  auto job = exec(context_of_carol(), wait_for_file, 7, file("go"));
  ASSERT_TRUE(job) << job.error().message;
  must("drop role " + carol_);
  auto launchpad = start();
  EXPECT_TRUE(
      eventually([&] { return log_of(launchpad).find("there is no such role") != std::string::npos; }));
  expect_others_are_served();
  EXPECT_FALSE(began("go", 7));
}

TEST_F(DatabaseServerSubmitterRoleTest, AStatementTimeoutOfItsOwnCutsNothingShort) {
  must("alter role " + carol_ + " set statement_timeout = '1ms'");
  start();
  ComputeContext context = context_of_carol();
  context.auto_cleanup = false;
  auto job = exec(context, large_value, each(std::vector<int>{20'000'000, 10}));
  ASSERT_TRUE(job) << job.error().message;
  auto ended = wait_for_job(*job);
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(ended->status, JobStatus::finished) << ended->reason;
  auto results = job->results();
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_EQ((*results)[0].size(), 20'000'000u);
  auto waiting = exec(context, wait_for_file, 8, file("go"));
  ASSERT_TRUE(waiting) << waiting.error().message;
  auto canceled = cancel_job(*waiting);
  EXPECT_TRUE(canceled) << (canceled ? "" : canceled.error().message);
  CleanupOptions force;
  force.force = true;
  auto removed = cleanup_jobs({*job, *waiting}, force);
  ASSERT_TRUE(removed) << removed.error().message;
  EXPECT_EQ(removed->removed.size(), 2u);
}

}  // namespace
}  // namespace errand::database
