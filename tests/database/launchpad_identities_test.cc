// SPDX-License-Identifier: Apache-2.0
// What happens to the users that tasks run as, and to jobs that none of them can run.
#include <sys/mount.h>
#include <sys/stat.h>

#include "launchpad_fixture.h"

namespace errand::database {
namespace {

using testing::HasSubstr;

class DatabaseServerIdentitiesTest : public LaunchpadFixture {
 protected:
  void TearDown() override {
    if (!mounted_.empty()) (void)::umount2(mounted_.c_str(), MNT_DETACH);
    if (is_told_not_to_look_) {
      (void)own_administrator().run_script("alter database " + database_ +
                                           " reset client_connection_check_interval");
    }
    if (has_a_setting_left_) (void)own_administrator().run_script("alter role errand_w1 reset all");
    LaunchpadFixture::TearDown();
  }
  /// Nobody can remove the folder as long as something is mounted there, though it looks as it did. False:
  /// that cannot be done here.
  bool hold_folder(const std::string& path) {
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) return false;
    const std::string options =
        "size=1m,mode=0770,uid=" + std::to_string(status.st_uid) + ",gid=" + std::to_string(status.st_gid);
    if (::mount("none", path.c_str(), "tmpfs", 0, options.c_str()) != 0) return false;
    mounted_ = path;
    return true;
  }
  void let_go_of_folder() {
    EXPECT_EQ(::umount2(mounted_.c_str(), MNT_DETACH), 0);
    mounted_.clear();
  }
  static std::vector<std::string> one_identity() {
    return geteuid() == 0 ? std::vector<std::string>{"--identities", "1"} : std::vector<std::string>();
  }
  std::int64_t number_of(const std::string& sql) {
    auto rows = own_administrator().run(sql);
    EXPECT_TRUE(rows) << sql << ": " << (rows ? "" : rows.error().message);
    return rows && rows->count() == 1 ? rows->number(0, 0) : -1;
  }
  void expect_value(const Job<int>& job, int value) {
    auto ended = wait_for_job(job);
    ASSERT_TRUE(ended) << ended.error().message;
    auto results = job.results();
    ASSERT_TRUE(results) << results.error().message;
    EXPECT_EQ((*results)[0], value);
  }

  bool is_told_not_to_look_ = false;
  bool has_a_setting_left_ = false;

 private:
  std::string mounted_;
};

TEST_F(DatabaseServerIdentitiesTest, OneThatCannotBeEmptiedServesNobodyElse) {
  if (geteuid() != 0) GTEST_SKIP() << "needs the workers' users";
  auto launchpad = start({"--identities", "1"});
  auto hers = exec(leaving("alice"), echo_after, 1);
  ASSERT_TRUE(hers) << hers.error().message;
  expect_value(*hers, 1);
  if (!hold_folder(launchpad.scratch + "/w1/home")) GTEST_SKIP() << "nothing can be mounted here";
  auto his = exec(leaving("bob"), wait_for_file, 2, file("go"));
  ASSERT_TRUE(his) << his.error().message;
  ASSERT_TRUE(eventually([&] {
    return began("go", 2) || log_of(launchpad).find("serves nobody for now") != std::string::npos;
  }));
  EXPECT_FALSE(began("go", 2)) << "what alice left is in his home";
  EXPECT_EQ(get_job_status(*his)->status, JobStatus::queued);
  let_go_of_folder();
  let_go("go");
  expect_value(*his, 2);
  EXPECT_THAT(log_of(launchpad), HasSubstr("is of use again"));
}

TEST_F(DatabaseServerIdentitiesTest, AWorkerWithSettingsOfItsOwnIsMendedByWhatTheLogSays) {
  if (geteuid() != 0) GTEST_SKIP() << "needs the workers' users";
  has_a_setting_left_ = true;
  ASSERT_TRUE(own_administrator().run_script("alter role errand_w1 set search_path = x"));
  auto launchpad = start({"--identities", "1"});
  auto job = exec(leaving("alice"), echo_after, 1);
  ASSERT_TRUE(job) << job.error().message;
  ASSERT_TRUE(eventually(
      [&] { return log_of(launchpad).find("cannot give errand-w1 to alice") != std::string::npos; }));
  EXPECT_THAT(log_of(launchpad), HasSubstr("alter role errand_w1 reset all"));
  ASSERT_TRUE(own_administrator().run_script("alter role errand_w1 reset all"));
  expect_value(*job, 1);
}

/// A failure that may pass is tried again in a second, and launchpads that could do better are told; not only
/// when everybody looks for jobs by himself. So many tries would take minutes then.
TEST_F(DatabaseServerIdentitiesTest, AJobThatIsHandedBackIsNotForgotten) {
  constexpr int enough_tries = 15;
  auto listener = Connection::open(target_as("administrator"));
  ASSERT_TRUE(listener) << listener.error().message;
  ASSERT_TRUE((*listener)->run_script("listen errand_submit"));
  auto launchpad = start(one_identity());
  ASSERT_EQ(chmod(launchpad.scratch.c_str(), 0511), 0);
  auto job = exec(leaving("alice"), echo_after, 3);
  ASSERT_TRUE(job) << job.error().message;
  int told = 0;
  EXPECT_TRUE(eventually([&] {
    for (const Notification& notification : (*listener)->notifications().value_or({}))
      if (notification.payload == job->id()) ++told;
    return told >= enough_tries;
  })) << told;
  EXPECT_EQ(get_job_status(*job)->status, JobStatus::queued);
  ASSERT_EQ(chmod(launchpad.scratch.c_str(), 0711), 0);
  expect_value(*job, 3);
}

TEST_F(DatabaseServerIdentitiesTest, AJobThatCannotBeReadSaysSoAndCanBeCanceled) {
  auto job = exec(leaving("alice"), echo_after, 1);
  ASSERT_TRUE(job) << job.error().message;
  ASSERT_TRUE(own_administrator().run_script("delete from errand.block where directory = 'programs'"));
  auto launchpad = start();
  EXPECT_TRUE(eventually([&] {
    auto status = get_job_status(*job);
    return status && status->reason.find("no launchpad can read this job") != std::string::npos;
  }));
  EXPECT_EQ(get_job_status(*job)->status, JobStatus::queued);
  auto canceled = cancel_job(*job);
  ASSERT_TRUE(canceled) << canceled.error().message;
  EXPECT_TRUE(canceled->canceled) << canceled->message;
  EXPECT_EQ(get_job_status(*job)->status, JobStatus::canceled);
  auto next = exec(leaving("alice"), echo_after, 2);
  ASSERT_TRUE(next) << next.error().message;
  expect_value(*next, 2);
}

/// It is nobody's meanwhile: a launchpad that can read it runs it.
TEST_F(DatabaseServerIdentitiesTest, AJobThatOneCannotReadIsLeftToTheNext) {
  auto job = exec(leaving("alice"), echo_after, 1);
  ASSERT_TRUE(job) << job.error().message;
  ASSERT_TRUE(own_administrator().run_script("delete from errand.block where directory = 'programs'"));
  auto first = start();
  EXPECT_TRUE(eventually([&] {
    return log_of(first).find("cannot take " + job->id() + " in") != std::string::npos &&
           number_of("select count(*)::bigint from errand.directory where lease is not null") == 0;
  }));
  auto other = exec(leaving("alice"), echo_after, 2);  // its program is the same
  ASSERT_TRUE(other) << other.error().message;
  expect_value(*other, 2);
  EXPECT_EQ(stop(first), 0);
  auto second = start();
  expect_value(*job, 1);
}

/// The worker stays alice's: her sessions are not ended from without. And the server does not look by itself.
TEST_F(DatabaseServerIdentitiesTest, ACanceledTaskLeavesNoStatementRunning) {
  if (geteuid() != 0) GTEST_SKIP() << "needs the workers' users";
  if (own_administrator().server_version() < 140000) GTEST_SKIP() << "servers before 14 do not look";
  is_told_not_to_look_ = true;
  ASSERT_TRUE(own_administrator().run_script("alter database " + database_ +
                                             " set client_connection_check_interval = 0"));
  auto launchpad = start({"--identities", "1"});
  auto stays = exec(leaving("alice"), wait_for_file, 4, file("go"));
  ASSERT_TRUE(stays) << stays.error().message;
  auto job = exec(leaving("alice"), ask_database, std::string("select pg_sleep(300)::text"));
  ASSERT_TRUE(job) << job.error().message;
  const std::string sleeping =
      "select count(*)::bigint from pg_stat_activity where usename like 'errand_w%' and query like "
      "'%pg_sleep(300)%'";
  ASSERT_TRUE(eventually([&] { return began("go", 4) && number_of(sleeping) == 1; }));
  auto canceled = cancel_job(*job);
  ASSERT_TRUE(canceled) << canceled.error().message;
  EXPECT_TRUE(eventually([&] { return number_of(sleeping) == 0; }));
  EXPECT_EQ(get_job_status(*stays)->status, JobStatus::running);
  let_go("go");
  expect_value(*stays, 4);
}

}  // namespace
}  // namespace errand::database
