// SPDX-License-Identifier: Apache-2.0
// The server knows a worker by its user, and ends its sessions when it is taken back. Alone on the server:
// there is one errand-w4.
#include <gmock/gmock.h>

#include <cstdio>
#include <future>

#include "scratch_database.h"

namespace errand::database {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

class DatabaseServerWorkers : public DatabaseScratch {
 protected:
  void SetUp() override {
    DatabaseScratch::SetUp();
    if (IsSkipped()) return;
    ASSERT_TRUE(init());
    admin_ = connect_as("administrator");
    must(*admin_,
         "insert into errand.worker (name) values ('errand_w4'); insert into errand.directory (owner, path, "
         "lease) values ('alice', 'jobs/hers', 77)");
    launchpad_ = connect_as("launchpad");
    must(*launchpad_, "select pg_advisory_lock(25970, 77)");
  }
  void TearDown() override {
    if (launchpad_) must(*launchpad_, "select errand.take_back('errand_w4', 77)");
    launchpad_.reset();
    admin_.reset();
    DatabaseScratch::TearDown();
  }

  /// What psql prints, as the user errand-w4 (or, where the tests are not root's, as the tests' own).
  [[nodiscard]] std::string psql_as_worker(const std::string& connection, const std::string& sql) const {
    const std::string become =
        geteuid() == 0 ? "setpriv --reuid=errand-w4 --regid=errand-w4 --clear-groups " : "";
    const std::string command = "cd / && " + become + "psql -X -w -q -A -t \"dbname=" + name_ + " " +
                                connection + "\" -c \"" + sql + "\" 2>&1";
    std::string text;
    FILE* pipe = popen(command.c_str(), "r");
    for (int c = 0; pipe != nullptr && (c = std::fgetc(pipe)) != EOF;) text += static_cast<char>(c);
    if (pipe != nullptr) pclose(pipe);
    return text;
  }
  [[nodiscard]] std::string local() const {
    return "host=" + folder_ + "/sock port=" + target_as("alice").parameters.at("port") + " ";
  }
  [[nodiscard]] std::string network() const {
    return "host=127.0.0.1 port=" + target_as("alice").parameters.at("port") + " ";
  }

  std::unique_ptr<Connection> admin_;
  std::unique_ptr<Connection> launchpad_;
};

TEST_F(DatabaseServerWorkers, AWorkersUserIsItsRoleAlone) {
  EXPECT_EQ(psql_as_worker(local() + "user=errand_w4", "select current_user"), "errand_w4\n");
  EXPECT_THAT(psql_as_worker(local() + "user=alice", "select 1"), HasSubstr("failed"));
  if (geteuid() != 0) return;  // then launchpad, workers and administrator are one user
  for (const char* other : {"errand_w3", "errand_launchpad", "postgres"}) {
    EXPECT_THAT(psql_as_worker(local() + "user=" + other, "select 1"), HasSubstr("authentication failed"))
        << other;
  }
}

TEST_F(DatabaseServerWorkers, APasswordThatATaskSetOpensNothing) {
  EXPECT_EQ(psql_as_worker(local() + "user=errand_w4", "alter role errand_w4 password 'mine'"), "");
  EXPECT_THAT(psql_as_worker(network() + "user=errand_w4 password=mine", "select 1"),
              AnyOf(HasSubstr("rejects"), HasSubstr("failed")));
  EXPECT_EQ(
      number(*admin_,
             "select count(*) from pg_roles where rolname = 'errand_w4' and rolvaliduntil = '-infinity'"),
      1)
      << "nor where pg_hba.conf would let it";
  must(*admin_, "alter role errand_w4 password null");
}

TEST_F(DatabaseServerWorkers, ALentWorkerConnectsAsTheSubmitter) {
  const std::string as_alice = local() + "user=errand_w4 options='-c role=alice'";
  EXPECT_THAT(psql_as_worker(as_alice, "select 1"), HasSubstr("role"));
  must(*launchpad_, "select errand.lend('errand_w4', 'alice', 77)");
  EXPECT_EQ(psql_as_worker(as_alice, "select current_user, (select count(*) from errand.directory)"),
            "alice|1\n");
  must(*launchpad_, "select errand.take_back('errand_w4', 77)");
  EXPECT_THAT(psql_as_worker(as_alice, "select 1"), HasSubstr("role"));
}

TEST_F(DatabaseServerWorkers, TakingBackEndsASessionInTheMiddleOfAStatement) {
  must(*launchpad_, "select errand.lend('errand_w4', 'alice', 77)");
  std::string ended;
  {
    auto sleeper = std::async(std::launch::async, [this] {
      return psql_as_worker(local() + "user=errand_w4 options='-c role=alice'", "select pg_sleep(120)");
    });
    const std::string sessions =
        "select count(*) from pg_stat_activity where usename = 'errand_w4' and query like "
        "'%pg_sleep(120)%'";
    for (int look = 0; look < 1000 && number(*admin_, sessions) == 0; ++look) usleep(10'000);
    EXPECT_EQ(answer(*launchpad_, "select errand.lend('errand_w4', 'alice', 77)").find("done"),
              std::string::npos);
    must(*launchpad_, "select errand.take_back('errand_w4', 77)");
    ended = sleeper.get();
  }
  EXPECT_THAT(ended, HasSubstr("terminating connection"));
}

}  // namespace
}  // namespace errand::database
