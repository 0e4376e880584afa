// SPDX-License-Identifier: Apache-2.0
#include "errand/doctor.h"

#include <gmock/gmock.h>

#include "scratch_database.h"

namespace errand::database {
namespace {

using ::testing::HasSubstr;

class DatabaseDoctor : public DatabaseScratch {
 protected:
  std::vector<Finding> examined_as(const std::string& role) {
    auto context = InDatabase(here_uri(role));
    EXPECT_TRUE(context) << (context ? "" : context.error().message);
    return examine(*context);
  }
  static std::string about(const std::vector<Finding>& findings, const std::string& subject) {
    std::string text;
    for (const Finding& finding : findings) {
      if (finding.subject != subject) continue;
      text += std::string(to_string(finding.verdict)) + ": " + finding.message + " | " + finding.hint + "\n";
    }
    return text;
  }
};

TEST_F(DatabaseDoctor, SaysThatADatabaseIsNoPlaceYet) {
  const auto findings = examined_as("alice");
  EXPECT_TRUE(anything_wrong(findings));
  EXPECT_THAT(about(findings, "schema"), HasSubstr("errand database init"));
}

TEST_F(DatabaseDoctor, FindsTheLaunchpadWhenThereIsOne) {
  ASSERT_TRUE(init());
  const auto alone = examined_as("alice");
  EXPECT_THAT(about(alone, "launchpad"), HasSubstr("wrong: none is connected"));
  EXPECT_THAT(about(alone, "user"), HasSubstr("good: alice may submit"));
  EXPECT_THAT(about(alone, "notifications"), HasSubstr("good"));
  EXPECT_THAT(about(alone, "clock"), HasSubstr("good"));
  auto launchpad = connect_as("launchpad");
  must(*launchpad, "select pg_advisory_lock(25970, 5)");
  auto here = connect_as("administrator");
  must(*here, "insert into errand.worker (name) values ('errand_w1')");
  const auto accompanied = examined_as("alice");
  EXPECT_THAT(about(accompanied, "launchpad"), HasSubstr("good"));
  EXPECT_FALSE(anything_wrong(accompanied)) << "whatever database the worker's comment names";
}

TEST_F(DatabaseDoctor, SaysWhatAPlaceWithoutWorkersIsGoodFor) {
  ASSERT_TRUE(init());
  auto own = connect_as("launchpad");
  must(*own, "select pg_advisory_lock(25970, 5)");
  must(*own, "select pg_advisory_lock_shared(25972, hashtext('alice'))");
  const std::string none = about(examined_as("alice"), "workers");
  EXPECT_THAT(none, HasSubstr("notable: there are none: a launchpad that root starts cannot run jobs here"));
  EXPECT_THAT(none, HasSubstr("--role runs tasks as its own user"));
  EXPECT_THAT(none, HasSubstr("errand database init --workers N"));
  auto roots = connect_as("launchpad");
  must(*roots, "select pg_advisory_lock(25970, 6)");
  EXPECT_THAT(about(examined_as("alice"), "workers"), HasSubstr("wrong: there are none"));
}

TEST_F(DatabaseDoctor, TellsALaunchpadOfOthersFromOnesOwn) {
  ASSERT_TRUE(init());
  auto launchpad = connect_as("launchpad");
  must(*launchpad, "select pg_advisory_lock(25970, 5)");
  must(*launchpad, "select pg_advisory_lock_shared(25972, hashtext('alice'))");
  EXPECT_THAT(about(examined_as("alice"), "launchpad"), HasSubstr("good: 1 is connected"));
  EXPECT_THAT(about(examined_as("bob"), "launchpad"), HasSubstr("wrong: 1 is connected, for other"));
  auto another = connect_as("launchpad");
  must(*another, "select pg_advisory_lock(25970, 6)");
  EXPECT_THAT(about(examined_as("bob"), "launchpad"), HasSubstr("good: 2 are connected"));
}

TEST_F(DatabaseDoctor, OneJobAndOneWorkerAreOne) {
  ASSERT_TRUE(init());
  auto here = connect_as("administrator");
  const char* const expected[] = {"none of them is yours", "; 1 of them is yours", "; 2 of them are yours"};
  for (int jobs = 0; jobs < 3; ++jobs) {
    EXPECT_THAT(about(examined_as("alice"), "space"), HasSubstr(expected[jobs]));
    must(*here, "insert into errand.directory (owner, path) values ('alice', 'jobs/" + std::to_string(jobs) +
                    "'), ('bob', 'jobs/" + std::to_string(jobs) + "')");
  }
  // Roles are the server's: the workers of this database are named by their comment.
  const std::string one = "errand_w990" + std::to_string(getpid() % 1000);
  const std::string two = one + "2";
  for (const std::string& worker : {one, two}) {
    must(*here, "create role " + worker + "; comment on role " + worker +
                    " is 'errand: a worker of the database " + name_ + "'");
    EXPECT_THAT(about(examined_as("alice"), "workers"),
                HasSubstr(worker == one ? "there is 1: tasks act" : "there are 2: tasks act"));
  }
  must(*here, "drop role " + one + "; drop role " + two);
}

TEST_F(DatabaseDoctor, SaysWhoMayLetARoleSubmit) {
  ASSERT_TRUE(init());
  const std::string stranger = name_ + "_stranger";
  must("create role " + stranger + " login password 'stranger-secret'");
  std::string uri = here_uri("alice");
  uri.replace(uri.find("alice:alice-secret"), 18, stranger + ":stranger-secret");
  auto context = InDatabase(uri);
  ASSERT_TRUE(context);
  EXPECT_THAT(about(examine(*context), "user"), HasSubstr("errand database init --user " + stranger));
  must("drop role " + stranger);
}

TEST_F(DatabaseDoctor, KnowsSettingsThatHurtTasks) {
  ASSERT_TRUE(init());
  must("alter database " + name_ + " set synchronous_commit = off");
  EXPECT_THAT(about(examined_as("alice"), "settings"), HasSubstr("notable: synchronous_commit is off"));
  must("alter database " + name_ + " set synchronous_commit = on");
  must("alter database " + name_ + " set statement_timeout = '5s'");
  EXPECT_THAT(about(examined_as("alice"), "settings"), HasSubstr("notable: statement_timeout is 5s"));
}

TEST_F(DatabaseDoctor, KnowsAnErrandThatIsTooOldOrTooNew) {
  ASSERT_TRUE(init());
  auto here = connect_as("administrator");
  must(*here, "insert into errand.migration (number, name) values (99, 'x')");
  EXPECT_THAT(about(examined_as("alice"), "schema"), HasSubstr("newer errand"));
  must(*here, "delete from errand.migration where number > 1");
  EXPECT_THAT(about(examined_as("alice"), "schema"), HasSubstr("older errand"));
}

TEST_F(DatabaseDoctor, WarnsASuperuser) {
  ASSERT_TRUE(init());
  EXPECT_THAT(about(examined_as("administrator"), "user"), HasSubstr("notable: postgres is a superuser"));
}

}  // namespace
}  // namespace errand::database
