// SPDX-License-Identifier: Apache-2.0
// Jobs come and go; what they took is used again.
#include <gmock/gmock.h>

#include "scratch_database.h"

namespace errand::database {
namespace {

class DatabaseRetention : public DatabaseScratch {
 protected:
  static constexpr const char* jobs = "2000";

  /// As many jobs as `jobs`, each of a small file and of one that does not fit beside it in a page.
  static void submit(Connection& alice, const std::string& round) {
    const std::string all = " from generate_series(1, " + std::string(jobs) + ") i";
    must(alice, "insert into errand.directory (path) select 'jobs/" + round + ".' || i" + all);
    must(alice, "insert into errand.block (directory, file, start, data) select 'jobs/" + round +
                    ".' || i, 'job', 0, decode(repeat(md5(i::text), 8), 'hex')" + all);
    must(alice, "insert into errand.block (directory, file, start, data) select 'jobs/" + round +
                    ".' || i, 'arguments', 0, decode(repeat(md5(i::text), 256), 'hex')" + all);
  }
  static std::int64_t size(Connection& here) {
    return number(
        here, "select pg_total_relation_size('errand.block') + pg_total_relation_size('errand.directory')");
  }
  /// Whether the tables are smaller than that afterwards. The server's own vacuum may hold ours back, which
  /// then leaves it to the next.
  static bool vacuum(Connection& admin, std::int64_t most) {
    for (int tries = 0; tries < 50; ++tries) {
      must(admin, "vacuum errand.directory");
      must(admin, "vacuum errand.block");
      if (size(admin) < most) return true;
      usleep(100'000);
    }
    return false;
  }
};

TEST_F(DatabaseRetention, TheTablesDoNotGrowWithJobsThatAreGone) {
  ASSERT_TRUE(init());
  auto alice = connect_as("alice");
  auto admin = connect_as("administrator");
  std::int64_t first = 0;
  for (int round = 1; round <= 5; ++round) {
    submit(*alice, std::to_string(round));
    if (round == 1) first = size(*admin);
    EXPECT_LT(size(*admin), first + first / 4) << "in round " << round;
    must(*alice, "delete from errand.directory where path like 'jobs/%'");
    EXPECT_EQ(number(*admin, "select count(*) from errand.block"), 0) << "blocks go with their directory";
    EXPECT_TRUE(vacuum(*admin, first / 4)) << "empty tables give their end back: " << size(*admin);
  }
}

TEST_F(DatabaseRetention, VacuumComesBeforeAFiftiethIsDead) {
  ASSERT_TRUE(init());
  auto admin = connect_as("administrator");
  EXPECT_EQ(
      number(*admin,
             "select count(*) from pg_class c join pg_class t on t.oid = c.reltoastrelid where c.oid = "
             "'errand.block'::regclass and 'autovacuum_vacuum_scale_factor=0.02' = any (c.reloptions) and "
             "'autovacuum_vacuum_scale_factor=0.02' = any (t.reloptions)"),
      1);
}

/// Long values lie as they were given: what is worth it was compressed by whoever wrote it.
TEST_F(DatabaseRetention, NothingIsCompressedTwice) {
  ASSERT_TRUE(init());
  auto alice = connect_as("alice");
  must(*alice, "insert into errand.directory (path) values ('jobs/a')");
  must(*alice,
       "insert into errand.block (directory, file, start, data) values ('jobs/a', 'job', 0, "
       "decode(repeat('00', "
       "1048576), 'hex'))");
  EXPECT_EQ(number(*alice, "select pg_column_size(data)::bigint from errand.block"), 1048576);
}

}  // namespace
}  // namespace errand::database
