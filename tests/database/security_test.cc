// SPDX-License-Identifier: Apache-2.0
// What a submitter may not do to another's jobs, to the launchpad's, and to the server.
// docs/database-security.md.
#include <gmock/gmock.h>

#include "scratch_database.h"

namespace errand::database {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// alice has a job that a launchpad holds and writes to; bob has one, too.
class DatabaseSecurity : public DatabaseScratch {
 protected:
  void SetUp() override {
    DatabaseScratch::SetUp();
    if (IsSkipped()) return;
    ASSERT_TRUE(init());
    admin_ = connect_as("administrator");
    alice_ = connect_as("alice");
    bob_ = connect_as("bob");
    launchpad_ = connect_as("launchpad");
    must(*alice_, submission("jobs/hers"));
    must(*bob_, submission("jobs/his"));
    must(*launchpad_,
         "select pg_try_advisory_lock(25970, 77);"
         "update errand.directory set lease = 77;"
         "insert into errand.block (owner, directory, file, start, data) values"
         "('alice', 'jobs/hers', 'log.0.0.1', 0, 'outcome'), ('bob', 'jobs/his', 'log.0.0.1', 0, 'outcome')");
    before_ = alices_rows();
  }
  void TearDown() override {
    if (admin_) {
      EXPECT_EQ(alices_rows(), before_) << "alice's rows are as they were";
    }
    admin_.reset();
    DatabaseScratch::TearDown();
  }

  static std::string submission(const std::string& path) {
    return "insert into errand.directory (path, active) values ('" + path +
           "', true); insert into errand.block (directory, file, start, data) values ('" + path +
           "', 'job', 0, 'arguments')";
  }
  std::string alices_rows() {
    auto rows = admin_->run(
        "select md5(coalesce((select string_agg(d::text, ';' order by d::text) from errand.directory d where "
        "owner = "
        "'alice'), '') || coalesce((select string_agg(b::text, ';' order by b::text) from errand.block b "
        "where owner = "
        "'alice'), ''))");
    return rows ? std::string(rows->text(0, 0)) : rows.error().message;
  }
  static void expect_refused(Connection& as, std::initializer_list<const char*> statements) {
    for (const char* statement : statements) {
      EXPECT_FALSE(as.run_script(statement)) << "was done: " << statement;
      (void)as.run_script("rollback");
    }
  }
  /// Neither a row that is seen nor one that is changed.
  static void expect_nothing(Connection& as, std::initializer_list<const char*> statements) {
    for (const char* statement : statements) {
      auto rows = as.run(statement);
      ASSERT_TRUE(rows) << statement << ": " << rows.error().message;
      EXPECT_EQ(rows->count(), 0u) << statement;
      EXPECT_EQ(rows->changed(), 0u) << statement;
    }
  }

  std::unique_ptr<Connection> admin_;
  std::unique_ptr<Connection> alice_;
  std::unique_ptr<Connection> bob_;
  std::unique_ptr<Connection> launchpad_;
  std::string before_;
};

TEST_F(DatabaseSecurity, AnotherOwnerCannotBeForged) {
  expect_refused(
      *bob_,
      {"insert into errand.directory (owner, path) values ('alice', 'jobs/new')",
       "insert into errand.directory (owner, path) values ('alice', 'jobs/hers')",
       "insert into errand.directory (owner, path) select 'alice', path from errand.directory",
       "insert into errand.directory (owner, path) values ('alice', 'jobs/hers') on conflict do nothing",
       "insert into errand.directory (owner, path) values ('alice', 'jobs/hers') on conflict (owner, path) "
       "do update "
       "set active = false returning path",
       "insert into errand.block (owner, directory, file, start, data) values ('alice', 'jobs/hers', "
       "'request.1', 0, '')",
       "insert into errand.block (owner, directory, file, start, data) values ('alice', 'jobs/hers', 'job', "
       "0, 'x') on "
       "conflict (owner, directory, file, start) do update set data = excluded.data",
       "update errand.directory set owner = 'alice'", "update errand.block set owner = 'alice'",
       "merge into errand.directory d using (values ('jobs/hers')) v(p) on d.path = v.p when not matched "
       "then insert "
       "(owner, path) values ('alice', v.p)"});
}

/// Whether a name is taken among alice's cannot be told from the answer.
TEST_F(DatabaseSecurity, RefusalsDoNotTellWhatThereIs) {
  const std::string there =
      answer(*bob_, "insert into errand.directory (owner, path) values ('alice', 'jobs/hers')");
  const std::string absent =
      answer(*bob_, "insert into errand.directory (owner, path) values ('alice', 'jobs/none')");
  EXPECT_EQ(there, absent);
  EXPECT_EQ(
      answer(*bob_,
             "insert into errand.block (owner, directory, file, start, data) values ('alice', 'jobs/hers', "
             "'job', 0, '')"),
      answer(*bob_,
             "insert into errand.block (owner, directory, file, start, data) values ('alice', 'jobs/none', "
             "'job', 0, '')"));
}

TEST_F(DatabaseSecurity, AnothersRowsAreNeitherSeenNorChanged) {
  expect_nothing(*bob_,
                 {"select path from errand.directory where owner = 'alice'",
                  "select file from errand.block where owner <> 'bob'",
                  "select path from errand.directory where owner <> current_user for update",
                  "update errand.directory set active = false where owner = 'alice'",
                  "update errand.directory set path = 'jobs/stolen' where owner = 'alice' returning path",
                  "update errand.block set data = 'x' where owner = 'alice'",
                  "update errand.directory d set active = true from errand.block b where b.owner = 'alice' "
                  "and d.path = b.directory",
                  "delete from errand.directory where owner = 'alice' returning path",
                  "delete from errand.block where directory = 'jobs/hers'",
                  "with gone as (delete from errand.directory where path = 'jobs/hers' returning owner) "
                  "select owner from gone",
                  "select tablename::text from pg_stats where schemaname = 'errand' and tablename in "
                  "('block', 'directory')"});
}

TEST_F(DatabaseSecurity, MergingChangesNothingEither) {
  if (bob_->server_version() < 150000) GTEST_SKIP() << "this server has no merge";
  expect_nothing(
      *bob_,
      {"merge into errand.directory d using (values ('alice')) v(o) on d.owner = v.o when matched then "
       "delete",
       "merge into errand.block b using (values ('alice')) v(o) on b.owner = v.o when matched then "
       "update set data = 'x'"});
}

TEST_F(DatabaseSecurity, OwnBlocksCannotBeHungIntoAnothersDirectory) {
  expect_refused(*bob_,
                 {"insert into errand.block (directory, file, start, data) values ('jobs/hers', 'x', 0, '')",
                  "update errand.block set directory = 'jobs/hers' where file = 'job'",
                  "create temp table mine (o name, p text collate \"C\", foreign key (o, p) references "
                  "errand.directory (owner, path))"});
}

/// A condition of bob's own runs after the policy, whatever it costs, and errors show none of alice's rows.
TEST_F(DatabaseSecurity, ConditionsSeeOwnRowsOnly) {
  must(*bob_,
       "create function pg_temp.tell(o name) returns boolean language plpgsql cost 0.000001 as $$ begin if o "
       "= 'alice' "
       "then raise exception 'leak'; end if; return true; end $$");
  EXPECT_EQ(number(*bob_, "select count(*) from errand.directory where pg_temp.tell(owner)"), 1);
  EXPECT_EQ(number(*bob_, "select count(*) from errand.block where pg_temp.tell(owner)"), 2);
  EXPECT_EQ(
      number(*bob_,
             "select count(*) from errand.block where 1 / (case when owner = 'alice' then 0 else 1 end) = 1"),
      2);
}

TEST_F(DatabaseSecurity, WhatTheLaunchpadWritesIsReadOnly) {
  expect_refused(*bob_, {"insert into errand.block (directory, file, start, data) values ('jobs/his', "
                         "'log.0.0.2', 0, 'forged')",
                         "insert into errand.block (directory, file, start, data) values ('jobs/his', "
                         "'values.0.0.1', 0, 'forged')",
                         "insert into errand.block (directory, file, start, data) values ('jobs/his', "
                         "'console.0.0.1', 0, 'forged')",
                         "insert into errand.block (directory, file, start, data) values ('jobs/his', "
                         "'progress.0.0.1', 0, 'forged')",
                         "insert into errand.block (directory, file, start, data) values ('jobs/his', "
                         "'claim.0.1', 0, 'forged')",
                         "insert into errand.block (directory, file, start, data) values ('jobs/his', "
                         "'log.0.0.1', 0, 'x') on conflict "
                         "(owner, directory, file, start) do update set data = excluded.data",
                         "update errand.block set file = 'log.0.0.9' where file = 'job'"});
  expect_nothing(*bob_, {"update errand.block set data = 'forged' where file = 'log.0.0.1'",
                         "update errand.block set file = 'mine' where file = 'log.0.0.1'"});
  EXPECT_EQ(answer(*bob_, "insert into errand.directory (path) values ('staging/s')"), "done");
  expect_refused(
      *bob_, {"insert into errand.block (directory, file, start, data) values ('staging/s', 'log.0.0.1', 0, "
              "'for later')"});
}

TEST_F(DatabaseSecurity, ClaimsAndTimesAreNotSubmitters) {
  expect_refused(*bob_, {"update errand.directory set lease = 77", "update errand.directory set lease = null",
                         "insert into errand.directory (path, lease) values ('jobs/x', 77)",
                         "insert into errand.directory (path, created) values ('jobs/x', 'epoch')",
                         "update errand.directory set created = 'epoch'"});
}

TEST_F(DatabaseSecurity, NamesCannotLeaveThePlace) {
  expect_refused(
      *bob_, {"insert into errand.directory (path) values ('jobs/../../etc')",
              "insert into errand.directory (path) values ('/etc')",
              "insert into errand.directory (path) values ('jobs//x')",
              "insert into errand.directory (path) values ('jobs/.')",
              "insert into errand.directory (path) values (E'jobs/a\\nb')",
              "update errand.directory set path = '..'",
              "insert into errand.block (directory, file, start, data) values ('jobs/his', '../x', 0, '')",
              "insert into errand.block (directory, file, start, data) values ('jobs/his', '..', 0, '')",
              "insert into errand.block (directory, file, start, data) values ('jobs/his', '', 0, '')",
              "insert into errand.block (directory, file, start, data) values ('jobs/his', 'x', -1, '')"});
  expect_refused(*bob_,
                 {"insert into errand.block (directory, file, start, data) values ('jobs/his', 'x', 0, "
                  "decode(repeat('00', 1048577), 'hex'))"});
}

TEST_F(DatabaseSecurity, TheSchemaIsNotASubmitters) {
  expect_refused(*bob_,
                 {"truncate errand.block",
                  "truncate errand.directory cascade",
                  "drop table errand.block",
                  "drop schema errand",
                  "create table errand.mine (x int)",
                  "create view errand.mine as select 1",
                  "create function errand.mine() returns int language sql as 'select 1'",
                  "create function errand.lend(text, text, int) returns int language sql as 'select 1'",
                  "alter table errand.block disable row level security",
                  "alter table errand.block add column x int",
                  "create policy mine on errand.block to bob using (true)",
                  "drop policy own_directories on errand.directory",
                  "create trigger t after delete on errand.block execute function tsvector_update_trigger()",
                  "create rule r as on insert to errand.block do also select 1",
                  "comment on table errand.block is 'mine'",
                  "insert into errand.installation (major, minor, place_id) values (2, 0, 'x')",
                  "update errand.installation set place_id = 'x'",
                  "delete from errand.migration",
                  "insert into errand.migration (number, name) values (99, 'x')",
                  "select * from errand.worker",
                  "select * from errand.bond",
                  "create index on errand.block (file)",
                  "cluster errand.block using block_pkey",
                  "alter schema errand owner to bob",
                  "copy errand.block (directory, file, start, data) from stdin",
                  "set row_security = off; select * from errand.block"});
}

/// PostgreSQL only warns of a grant that grants nothing.
TEST_F(DatabaseSecurity, RightsAreNotPassedOn) {
  for (const char* grant :
       {"grant select on errand.block to public", "grant all on errand.directory to alice",
        "grant all on schema errand to public", "grant execute on function errand.lend to public"})
    (void)answer(*bob_, grant);
  EXPECT_EQ(number(*admin_,
                   "select count(*) from pg_class c, aclexplode(c.relacl) a where c.relnamespace = "
                   "'errand'::regnamespace and (a.grantee = 0 or a.grantee = 'alice'::regrole)"),
            0);
  EXPECT_EQ(
      number(*admin_,
             "select count(*) from pg_namespace n, aclexplode(n.nspacl) a where n.nspname = 'errand' and "
             "a.grantee = 0"),
      0);
  EXPECT_EQ(
      number(*admin_,
             "select count(*) from pg_proc f where f.pronamespace = 'errand'::regnamespace and (f.proacl "
             "is null or exists (select from aclexplode(f.proacl) a where a.grantee = 0))"),
      0)
      << "no function of the schema is everybody's";
}

/// What a submitter may call does nothing that he could not do himself.
TEST_F(DatabaseSecurity, NoFunctionLendsASubmitterRights) {
  EXPECT_EQ(
      number(*admin_,
             "select count(*) from pg_proc where pronamespace = 'errand'::regnamespace and prosecdef and "
             "has_function_privilege('errand_user', oid, 'execute')"),
      0);
  EXPECT_EQ(answer(*bob_, "select errand.refusal_to_lend('bob')"), "done") << "why a job waits is still told";
  EXPECT_EQ(
      number(*bob_,
             "select count(*) from (select errand.refusal_to_lend('bob') as why) as told where why is null"),
      1);
  EXPECT_EQ(number(*bob_, "select (errand.refusal_to_lend('postgres') like '%superuser%')::int::bigint"), 1);
}

TEST_F(DatabaseSecurity, NobodyElseCanBeActedAs) {
  expect_refused(*bob_, {"set role alice",
                         "set role errand_launchpad",
                         "set role errand_owner",
                         "set role errand_lender",
                         "set role errand_w1",
                         "set role postgres",
                         "set session authorization alice",
                         "grant alice to bob",
                         "grant errand_user to public",
                         "grant errand_launchpad to bob",
                         "alter role alice password 'mine'",
                         "alter role errand_launchpad password 'mine'",
                         "alter role errand_w1 set search_path = bob",
                         "alter role bob superuser",
                         "create role friend",
                         "select errand.lend('errand_w1', 'alice', 77)",
                         "select errand.take_back('errand_w1', 77)",
                         "select errand.part_worker('errand_w1')",
                         "select errand.require_lease(77)",
                         "reassign owned by alice to bob",
                         "drop owned by alice"});
}

TEST_F(DatabaseSecurity, TheServerIsOutOfReach) {
  expect_refused(
      *bob_, {"copy (select 1) to program 'true'", "copy errand.block to '/tmp/errand-blocks'",
              "create temp table t (x text); copy t from '/etc/passwd'", "select lo_import('/etc/passwd')",
              "select lo_export(1, '/tmp/x')", "select pg_read_file('/etc/passwd')", "select pg_ls_dir('/')",
              "alter system set fsync = off", "select pg_reload_conf()", "create extension plpython3u",
              "load 'auto_explain'", "create function c(int) returns int language c as 'libc.so.6', 'abs'",
              "create event trigger e on ddl_command_start execute function now()", "select * from pg_authid",
              "select * from pg_hba_file_rules", "create publication p for all tables",
              "create subscription s connection 'x' publication p"});
  const auto pid = number(*launchpad_, "select pg_backend_pid()::bigint");
  EXPECT_THAT(answer(*bob_, "select pg_terminate_backend(" + std::to_string(pid) + ")"),
              Not(HasSubstr("done")));
  EXPECT_THAT(answer(*bob_, "select pg_cancel_backend(" + std::to_string(pid) + ")"), Not(HasSubstr("done")));
  EXPECT_EQ(number(*launchpad_, "select 1::bigint"), 1);
}

TEST_F(DatabaseSecurity, ALeaseIsAliveInItsDatabaseAndInTheLaunchpadsHandsOnly) {
  const std::string alive = "select errand.lease_is_alive(77)::int::bigint";
  const std::string forged = "select errand.lease_is_alive(4711)::int::bigint";
  EXPECT_EQ(number(*bob_, alive), 1);
  must(*bob_, "select pg_advisory_lock(25970, 4711)");
  EXPECT_EQ(number(*bob_, forged), 0) << "anybody may take the lock, and it does not count";
  auto elsewhere = connect(target_as("launchpad"));
  must(*elsewhere, "select pg_advisory_lock(25970, 4712)");
  EXPECT_EQ(number(*bob_, "select errand.lease_is_alive(4712)::int::bigint"), 0) << "another database's";
  launchpad_.reset();
  for (int look = 0; look < 500 && number(*bob_, alive) == 1; ++look) usleep(10'000);
  EXPECT_EQ(number(*bob_, alive), 0) << "it ends with its holder";
}

TEST_F(DatabaseSecurity, TheLaunchpadCanOnlyClaimWhatWasSubmitted) {
  expect_refused(
      *launchpad_,
      {"insert into errand.directory (owner, path) values ('alice', 'jobs/forged')",
       "update errand.directory set owner = 'alice'", "update errand.directory set path = 'jobs/forged'",
       "update errand.block set owner = 'bob'", "set role alice", "grant alice to errand_w1",
       "update errand.worker set lease = 77", "select errand.part_worker('errand_w1')",
       "truncate errand.block", "create table errand.mine (x int)", "copy (select 1) to program 'true'",
       "select pg_read_file('/etc/passwd')", "select * from pg_authid", "alter role bob password 'mine'"});
}

TEST_F(DatabaseSecurity, OwnRowsGoWithTheirDirectoryAndAlicesStay) {
  EXPECT_EQ(number(*bob_,
                   "with gone as (delete from errand.directory where path = 'jobs/his' returning 1) select "
                   "count(*) from gone"),
            1);
  EXPECT_EQ(number(*admin_, "select count(*) from errand.block where owner = 'bob'"), 0);
}

}  // namespace
}  // namespace errand::database
