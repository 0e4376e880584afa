// SPDX-License-Identifier: Apache-2.0
// errand database init: what it makes, what it leaves alone, what it refuses.
#include <gmock/gmock.h>

#include <future>

#include "database/schema_step.h"
#include "database/setup_plan.h"
#include "scratch_database.h"

namespace errand::database {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class DatabaseSetupTest : public DatabaseScratch {
 protected:
  /// The database as an errand that knew the first step only left it.
  void make_first_step() {
    auto here = connect_as("administrator");
    auto state = read_setup_state(*here, {});
    ASSERT_TRUE(state);
    auto actions = plan_setup(*state, {});
    ASSERT_TRUE(actions);
    must(*here, actions->front().sql);
  }
  std::int64_t last_step() {
    return number(*connect_as("administrator"), "select max(number)::bigint from errand.migration");
  }
};

TEST_F(DatabaseSetupTest, ASecondTimeNothingIsDone) {
  auto first = init();
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->schema_before, 0);
  EXPECT_EQ(first->done.size(), schema_steps().size())
      << "alice and bob are submitters of this server already";
  auto second = init();
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(second->schema_before, second->schema);
  EXPECT_THAT(second->done, IsEmpty());
  EXPECT_THAT(second->sql, IsEmpty());
  EXPECT_TRUE(init_database({here_uri("alice"), 0, {}})) << "who has nothing to do needs no rights";
}

TEST_F(DatabaseSetupTest, ItIsUsableAtOnce) {
  ASSERT_TRUE(init());
  auto alice = connect_as("alice");
  EXPECT_EQ(answer(*alice, "insert into errand.directory (path, active) values ('jobs/a', true)"), "done");
  EXPECT_EQ(number(*alice, "select length(place_id)::bigint from errand.installation"), 26);
}

TEST_F(DatabaseSetupTest, TwoAtOnceTakeTurns) {
  auto other = std::async(std::launch::async, [this] { return init(); });
  auto mine = init();
  auto its = other.get();
  ASSERT_TRUE(mine) << mine.error().message;
  ASSERT_TRUE(its) << its.error().message;
  EXPECT_EQ(mine->done.size() + its->done.size(), schema_steps().size());
}

TEST_F(DatabaseSetupTest, AnOlderDatabaseIsBroughtUpAndKeepsItsJobs) {
  make_first_step();
  EXPECT_EQ(answer(*connect_as("alice"), "insert into errand.directory (path) values ('jobs/kept')"), "done");
  auto upgraded = init();
  ASSERT_TRUE(upgraded) << upgraded.error().message;
  EXPECT_EQ(upgraded->schema_before, 1);
  EXPECT_EQ(last_step(), schema_steps().back().number);
  EXPECT_EQ(number(*connect_as("alice"), "select count(*) from errand.directory"), 1);
}

TEST_F(DatabaseSetupTest, AStepThatFailsLeavesNothingOfItself) {
  make_first_step();
  auto here = connect_as("administrator");
  must(*here, "create function errand.take_back(worker name, lease bigint) returns void language sql as ''");
  auto failed = init();
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, HasSubstr("0002_worker_pool"));
  EXPECT_EQ(last_step(), 1);
  EXPECT_EQ(number(*here, "select count(*) from pg_class where relname = 'worker'"), 0);
  must(*here, "drop function errand.take_back(name, bigint)");
  EXPECT_TRUE(init()) << "and it goes on when the obstacle is gone";
}

TEST_F(DatabaseSetupTest, WhatANewerErrandMadeIsLeftAlone) {
  ASSERT_TRUE(init());
  must(*connect_as("administrator"),
       "insert into errand.migration (number, name) values (99, 'of_the_future')");
  auto refused = init();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::version_mismatch);
  EXPECT_THAT(refused.error().message, HasSubstr("newer errand"));
}

TEST_F(DatabaseSetupTest, AForeignSchemaIsLeftAlone) {
  must(*connect_as("administrator"), "create schema errand; create table errand.migration (precious text)");
  auto refused = init();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::exists);
  EXPECT_THAT(refused.error().hint, HasSubstr("another database"));
}

TEST_F(DatabaseSetupTest, WithoutTheRightsItSaysWhoHasThem) {
  auto refused = init_database({here_uri("alice"), 0, {}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::place_unwritable);
  EXPECT_THAT(refused.error().hint, HasSubstr("createrole"));
}

TEST_F(DatabaseSetupTest, ARoleThatMayCreateRolesIsEnough) {
  const std::string admin = name_ + "_admin";
  must("create role " + admin + " login createrole password 'admin-secret'; grant create on database " +
       name_ + " to " + admin);
  Target target = here_as("alice");
  target.parameters["user"] = admin;
  target.parameters["password"] = "admin-secret";
  std::string uri = here_uri("alice");
  uri.replace(uri.find("alice:alice-secret"), 18, admin + ":admin-secret");
  auto made = init_database({uri, 0, {"alice"}});
  // From 16 on the right to create roles is not enough for those that another database's place has made.
  if (connect_as("administrator")->server_version() >= 160000) {
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, ErrorCode::place_unwritable);
    EXPECT_THAT(made.error().message, HasSubstr("errand_owner"));
    EXPECT_THAT(made.error().hint, HasSubstr("superuser"));
    must("drop owned by " + admin);
    must("drop role " + admin);
    return;
  }
  EXPECT_TRUE(made) << made.error().message;
  auto again = init_database({uri, 0, {"alice"}});
  EXPECT_TRUE(again) << again.error().message;
  auto here = connect_as("administrator");
  EXPECT_EQ(
      number(*here,
             "select count(*) from pg_class c join pg_roles r on r.oid = c.relowner where c.relnamespace = "
             "'errand'::regnamespace and r.rolname not in ('errand_owner', 'errand_lender')"),
      0);
  EXPECT_EQ(
      number(
          *here,
          "select count(*) from pg_auth_members m join pg_roles r on r.oid = m.member where r.rolname = '" +
              admin + "'"),
      0)
      << "it is a member of nothing afterwards";
  must(*here, "drop owned by " + admin);
  must("drop role " + admin);
}

TEST_F(DatabaseSetupTest, APreviewDoesNothingAndPsqlWouldTakeIt) {
  auto preview = preview_database({here_uri("administrator"), 0, {"alice"}});
  ASSERT_TRUE(preview) << preview.error().message;
  auto here = connect_as("administrator");
  EXPECT_EQ(number(*here, "select count(*) from pg_namespace where nspname = 'errand'"), 0);
  must(*here, preview->sql);
  auto done = init();
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_THAT(done->done, IsEmpty());
}

TEST_F(DatabaseSetupTest, WorkersOfAnotherDatabaseAreLeftToIt) {
  ASSERT_TRUE(init());
  auto refused = init(1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::exists);
  EXPECT_THAT(refused.error().message, HasSubstr("another database"));
}

TEST_F(DatabaseSetupTest, UsersHaveToExistAndHaveNoPower) {
  auto unknown = init(0, {"nobody_of_that_name"});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(unknown.error().hint, HasSubstr("create role"));
  auto mighty = init(0, {"postgres"});
  ASSERT_FALSE(mighty);
  EXPECT_EQ(mighty.error().code, ErrorCode::invalid_argument);
}

TEST_F(DatabaseSetupTest, ARoleOfAnOddNameMaySubmit) {
  const std::string odd = name_ + R"( "o'dd"; drop role bob --)";
  must("create role " + quoted_identifier(odd));
  auto done = init(0, {odd});
  EXPECT_TRUE(done) << done.error().message;
  EXPECT_EQ(number(administrator(), "select count(*) from pg_roles where rolname = 'bob'"), 1);
  must("drop role " + quoted_identifier(odd));
}

TEST_F(DatabaseSetupTest, AccessRulesThatAreThereAreNotAskedFor) {
  auto done = init();
  ASSERT_TRUE(done);
  EXPECT_TRUE(done->access_is_known);
  EXPECT_THAT(done->hba, IsEmpty()) << "pg-up has written them";
  EXPECT_THAT(done->ident, IsEmpty());
}

}  // namespace
}  // namespace errand::database
