// SPDX-License-Identifier: Apache-2.0
// What a role or a server has set for people's sessions neither cuts a client of errand short nor lets it
// acknowledge what is not on disk.
#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "client/open_place.h"
#include "database/database_watch.h"
#include "errand/compute_context.h"
#include "scratch_database.h"

namespace errand::database {
namespace {

class DatabaseClientSession : public DatabaseScratch {
 protected:
  void SetUp() override {
    DatabaseScratch::SetUp();
    if (IsSkipped()) return;
    ASSERT_TRUE(init());
    for (const char* setting : {"statement_timeout = '50ms'", "lock_timeout = '50ms'",
                                "synchronous_commit = off", "idle_in_transaction_session_timeout = '50ms'"}) {
      set_for_alice(setting);
    }
    if (administrator().server_version() >= 14'00'00) set_for_alice("idle_session_timeout = '50ms'");
  }
  void set_for_alice(const std::string& setting) {
    must("alter role alice in database " + name_ + " set " + setting);
  }
  std::string setting(Session& session, const std::string& name) {
    auto rows = session.run("select current_setting('" + name + "')", {});
    return rows ? std::string(rows->text(0, 0)) : rows.error().message;
  }
};

TEST_F(DatabaseClientSession, LongStatementsAndWaitsAreNotCut) {
  Session session(here_as("alice"));
  EXPECT_TRUE(session.run("select pg_sleep(0.2)::text", {}));
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_EQ(setting(session, "lock_timeout"), "0");
  EXPECT_EQ(setting(session, "idle_in_transaction_session_timeout"), "0");
  EXPECT_EQ(setting(session, "synchronous_commit"), "on");
  EXPECT_EQ(session.generation(), 1U) << "the idle session was ended";
}

TEST_F(DatabaseClientSession, AWatchThatWaitsIsNotEnded) {
  if (administrator().server_version() < 14'00'00) GTEST_SKIP() << "no idle_session_timeout";
  auto watch = DatabaseWatch::open(here_as("alice"));
  ASSERT_TRUE(watch) << watch.error().message;
  ASSERT_TRUE((*watch)->add("jobs/rxJob_00000000000000000000000000"));
  for (int i = 0; i < 4; ++i) {
    auto changes = (*watch)->wait(std::chrono::milliseconds(100));
    ASSERT_TRUE(changes) << changes.error().message;
    EXPECT_TRUE(changes->empty()) << "its session was made anew";
  }
}

TEST_F(DatabaseClientSession, OneOfAWeakerSslmodeServesNobodyWhoAsksForMore) {
  auto place = client::open_place(here_uri("alice"), false);
  ASSERT_TRUE(place) << place.error().message;
  ASSERT_TRUE(InDatabase(here_uri("alice") + "?sslmode=verify-full"));
  EXPECT_FALSE(client::open_place((*place)->path(), false))
      << "the server has no certificate that anybody trusts";
  // A name alone asks for no less.
  ASSERT_TRUE(InDatabase(here_uri("alice")));
  EXPECT_FALSE(client::open_place((*place)->path(), false));
}

/// What the transaction that wrote a file's block was committed with.
TEST_F(DatabaseClientSession, ALargeFileThatIsReplacedIsOnDisk) {
  auto here = connect_as("administrator");
  must(*here,
       "create table committed (how text); grant insert on committed to public; "
       "create function note_commit() returns trigger language plpgsql as $$ begin "
       "insert into committed values (current_setting('synchronous_commit')); return null; end $$; "
       "create constraint trigger note after insert on errand.block deferrable initially deferred "
       "for each row execute function note_commit()");
  auto files = DatabaseFiles::open(here_as("alice"));
  ASSERT_TRUE(files) << files.error().message;
  const std::string large(2'500'000, 'x');
  for (int i = 0; i < 2; ++i) ASSERT_TRUE((*files)->publish("tombstones", large, true, true));
  EXPECT_EQ(number(*here, "select count(*) from committed where how <> 'on'"), 0);
  EXPECT_GT(number(*here, "select count(*) from committed"), 2);
}

}  // namespace
}  // namespace errand::database
