// SPDX-License-Identifier: Apache-2.0
// lend() and take_back(): whose rights a worker gets, and that nothing of them stays with it.
#include <gmock/gmock.h>

#include "scratch_database.h"

namespace errand::database {
namespace {

using ::testing::HasSubstr;

/// Two workers of this database alone; a launchpad with the lease 77 that holds a job of alice's. No other
/// test runs meanwhile: what is granted here holds for the whole server, pg_hba.conf's rules for workers
/// included.
class DatabaseServerWorkerPool : public DatabaseScratch {
 protected:
  void SetUp() override {
    DatabaseScratch::SetUp();
    if (IsSkipped()) return;
    ASSERT_TRUE(init());
    admin_ = connect_as("administrator");
    for (const std::string& worker : {one(), two()}) {
      must(*admin_, "create role " + worker +
                        " login noinherit valid until '-infinity' in role errand_worker; grant " + worker +
                        " to errand_lender with admin option; insert into errand.worker (name) values ('" +
                        worker + "')");
    }
    alice_ = connect_as("alice");
    bob_ = connect_as("bob");
    must(*alice_, "insert into errand.directory (path, active) values ('jobs/hers', true)");
    must(*bob_, "insert into errand.directory (path, active) values ('jobs/his', true)");
    launchpad_ = connect_as("launchpad");
    must(*launchpad_, "select pg_advisory_lock(25970, 77)");
    must(*launchpad_, "update errand.directory set lease = 77 where owner = 'alice'");
  }
  void TearDown() override {
    launchpad_.reset();
    if (admin_) {
      for (const std::string& worker : {one(), two()}) (void)admin_->run_script("drop role " + worker);
    }
    admin_.reset();
    DatabaseScratch::TearDown();
  }

  [[nodiscard]] std::string one() const { return "errand_wx_" + name_; }
  [[nodiscard]] std::string two() const { return "errand_wy_" + name_; }
  [[nodiscard]] static std::string lend(const std::string& worker, const std::string& owner, int lease = 77) {
    return "select errand.lend('" + worker + "', '" + owner + "', " + std::to_string(lease) + ")";
  }
  [[nodiscard]] static std::string take_back(const std::string& worker, int lease = 77) {
    return "select errand.take_back('" + worker + "', " + std::to_string(lease) + ")";
  }
  /// What a session of the worker's user could do, as far as the server's roles go.
  std::string as_worker(const std::string& worker, const std::string& sql) {
    auto session = connect_as("administrator");
    must(*session, "set session authorization " + worker);
    return answer(*session, sql);
  }
  std::int64_t bonds(const std::string& worker) {
    return number(*admin_, "select count(*) from errand.bond where (holder = '" + worker +
                               "' and held <> 'errand_worker') or (held = '" + worker +
                               "' and not expected)");
  }

  std::unique_ptr<Connection> admin_;
  std::unique_ptr<Connection> alice_;
  std::unique_ptr<Connection> bob_;
  std::unique_ptr<Connection> launchpad_;
};

TEST_F(DatabaseServerWorkerPool, ALentWorkerIsTheSubmitterAndNobodyElse) {
  EXPECT_THAT(as_worker(one(), "set role alice"), HasSubstr("permission denied"));
  ASSERT_EQ(answer(*launchpad_, lend(one(), "alice")), "done");
  EXPECT_EQ(as_worker(one(), "set role alice"), "done");
  EXPECT_EQ(as_worker(one(), "set role alice; reset role; set role none; set role alice"), "done");
  EXPECT_THAT(as_worker(one(), "set role bob"), HasSubstr("permission denied"));
  EXPECT_THAT(as_worker(one(), "set role errand_launchpad"), HasSubstr("permission denied"));
  EXPECT_THAT(as_worker(one(), "select * from errand.directory"), HasSubstr("permission denied"))
      << "without the submitter's role it has no rights";
  EXPECT_THAT(as_worker(two(), "set role alice"), HasSubstr("permission denied")) << "the other worker";
  ASSERT_EQ(answer(*launchpad_, take_back(one())), "done");
  EXPECT_THAT(as_worker(one(), "set role alice"), HasSubstr("permission denied"));
}

TEST_F(DatabaseServerWorkerPool, OnlyTheOwnerOfAClaimedJobIsLentUnderALiveLease) {
  EXPECT_THAT(answer(*launchpad_, lend(one(), "bob")), HasSubstr("holds no job of bob"));
  EXPECT_THAT(answer(*launchpad_, lend(one(), "alice", 78)), HasSubstr("no launchpad holds lease 78"));
  must(*bob_, "select pg_advisory_lock(25970, 78)");
  must(*launchpad_, "update errand.directory set lease = 78 where owner = 'bob'");
  EXPECT_THAT(answer(*launchpad_, lend(one(), "bob", 78)), HasSubstr("no launchpad holds lease 78"))
      << "bob's own lock";
  EXPECT_THAT(answer(*launchpad_, lend("errand_wx", "alice")), HasSubstr("no worker"));
  EXPECT_THAT(answer(*launchpad_, lend("alice", "alice")), HasSubstr("no worker"));
  EXPECT_THAT(answer(*launchpad_, "select errand.lend(null, 'alice', 77)"), HasSubstr("no worker"));
  EXPECT_THAT(answer(*launchpad_, "select errand.lend('" + one() + "', 'alice', null)"),
              HasSubstr("no launchpad"));
  EXPECT_EQ(bonds(one()), 0);
}

TEST_F(DatabaseServerWorkerPool, RolesWithPowerAreNotLent) {
  const std::string mighty = name_ + "_mighty";
  must(
      *admin_,
      "create role " + mighty + "; grant errand_user to " + mighty + "; grant " + mighty +
          " to errand_lender with admin option; insert into errand.directory (owner, path, lease) values ('" +
          mighty + "', 'jobs/m', 77)");
  for (const char* power : {"superuser", "createrole", "createdb", "replication", "bypassrls"}) {
    must(*admin_, "alter role " + mighty + " " + power);
    EXPECT_THAT(answer(*launchpad_, lend(one(), mighty)), HasSubstr("may not be lent")) << power;
    must(*admin_, "alter role " + mighty + " no" + power);
  }
  for (const char* group :
       {"pg_execute_server_program", "pg_read_server_files", "errand_launchpad", "errand_owner"}) {
    must(*admin_, std::string("grant ") + group + " to " + mighty);
    EXPECT_THAT(answer(*launchpad_, lend(one(), mighty)), HasSubstr("may not be lent")) << group;
    must(*admin_, std::string("revoke ") + group + " from " + mighty);
  }
  must(*admin_, "revoke errand_user from " + mighty);
  EXPECT_THAT(answer(*launchpad_, lend(one(), mighty)), HasSubstr("no member of errand_user"));
  must(*admin_,
       "grant errand_user to " + mighty + "; revoke admin option for " + mighty + " from errand_lender");
  EXPECT_THAT(answer(*launchpad_, lend(one(), mighty)), HasSubstr("errand database init --user"));
  EXPECT_EQ(bonds(one()), 0);
  must(*admin_, "drop owned by " + mighty + "; drop role " + mighty);
}

TEST_F(DatabaseServerWorkerPool, AWorkerIsLentOnceAtATime) {
  must(*launchpad_, "update errand.directory set lease = 77");
  ASSERT_EQ(answer(*launchpad_, lend(one(), "alice")), "done");
  EXPECT_THAT(answer(*launchpad_, lend(one(), "bob")), HasSubstr("is lent to alice"));
  EXPECT_EQ(answer(*launchpad_, lend(two(), "bob")), "done");
  auto second = connect_as("launchpad");
  must(*second, "select pg_advisory_lock(25970, 99)");
  EXPECT_THAT(answer(*second, take_back(one(), 99)), HasSubstr("another lease"))
      << "another live launchpad's";
  must(*launchpad_, "select pg_advisory_unlock(25970, 77)");
  EXPECT_EQ(answer(*second, take_back(one(), 99)), "done") << "a dead launchpad's";
  EXPECT_EQ(answer(*second, take_back(one(), 99)), "done") << "harmless when repeated";
  EXPECT_EQ(bonds(one()), 0);
}

TEST_F(DatabaseServerWorkerPool, LendingIsUndoneWithItsTransaction) {
  must(*launchpad_, "begin; " + lend(one(), "alice") + "; rollback");
  EXPECT_EQ(bonds(one()), 0);
  EXPECT_EQ(answer(*launchpad_, lend(one(), "alice")), "done");
}

/// What a task may leave behind for its worker's role must not meet the next submitter.
TEST_F(DatabaseServerWorkerPool, NothingOfATaskWaitsForTheNextSubmitter) {
  // From 16 on what a superuser grants only he takes away: the worker is of no use until then.
  const bool is_taken_away = admin_->server_version() < 160000;
  const std::string bob_is_in = "bob is a member of " + one();
  must(*admin_, "grant " + one() + " to bob");
  if (!is_taken_away) {
    EXPECT_THAT(answer(*launchpad_, lend(one(), "alice")), HasSubstr(bob_is_in));
    must(*admin_, "revoke " + one() + " from bob");
  }
  ASSERT_EQ(answer(*launchpad_, lend(one(), "alice")), "done");
  EXPECT_EQ(bonds(one()), 1) << "alice's, and bob's way in is gone";
  EXPECT_THAT(answer(*bob_, "set role alice"), HasSubstr("permission denied"));
  must(*admin_, "grant " + one() + " to bob");
  if (!is_taken_away) {
    EXPECT_THAT(answer(*launchpad_, take_back(one())), HasSubstr(bob_is_in));
    must(*admin_, "revoke " + one() + " from bob");
  }
  ASSERT_EQ(answer(*launchpad_, take_back(one())), "done");
  EXPECT_EQ(bonds(one()), 0);
  EXPECT_EQ(as_worker(one(), "alter role " + one() + " set search_path = trap"), "done")
      << "the server lets it";
  EXPECT_THAT(answer(*launchpad_, lend(one(), "alice")), HasSubstr("settings of its own"));
  must(*admin_, "alter role " + one() + " reset all");
  EXPECT_EQ(answer(*launchpad_, lend(one(), "alice")), "done");
}

/// lend() looks where its own search_path says, whatever the caller has made.
TEST_F(DatabaseServerWorkerPool, NamesOfTheCallersDoNotMisleadLend) {
  must(*launchpad_,
       "create temp table pg_stat_activity (usename name, pid int); create temp table worker (name name, "
       "lease bigint);"
       "create temp view pg_roles as select 'errand_wz'::name as rolname;"
       "create function pg_temp.format(text, variadic text[]) returns text language sql as $$ select 'grant "
       "postgres "
       "to bob' $$; create function pg_temp.pg_has_role(name, name, text) returns boolean language sql as "
       "'select true';"
       "set search_path = pg_temp, errand, pg_catalog");
  EXPECT_THAT(answer(*launchpad_, lend(one(), "bob")), HasSubstr("holds no job of bob"));
  EXPECT_EQ(answer(*launchpad_, lend(one(), "alice")), "done");
  EXPECT_EQ(bonds(one()), 1);
  EXPECT_EQ(
      number(*admin_,
             "select count(*) from pg_auth_members m join pg_roles r on r.oid = m.roleid where r.rolname = "
             "'postgres'"),
      0);
}

}  // namespace
}  // namespace errand::database
