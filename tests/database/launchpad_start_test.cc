// SPDX-License-Identifier: Apache-2.0
// A launchpad of root's that could run nothing says so instead of waiting.
#include <sys/wait.h>

#include <fstream>

#include "errand/database.h"
#include "launchpad_fixture.h"
#include "launchpad_process.h"

namespace errand::database {
namespace {

using testing::HasSubstr;

/// In a database without workers.
class DatabaseServerLaunchpadStartTest : public LaunchpadFixture {
 protected:
  void SetUp() override {
    LaunchpadFixture::SetUp();
    if (IsSkipped()) return;
    if (geteuid() != 0) GTEST_SKIP() << "needs the workers' users";
    const std::string name = "workerless_" + std::to_string(getpid());
    ASSERT_TRUE(own_administrator().run_script("create database " + name));
    database_ = name;
    here_ = target_as("administrator");
    here_.parameters["dbname"] = name;
    const std::string uri = uri_of("administrator");
    auto ready = init_database({uri.substr(0, uri.rfind('/') + 1) + name, 0, {"alice", "bob"}});
    ASSERT_TRUE(ready) << ready.error().message;
  }
  void TearDown() override {
    if (!here_.parameters.empty())
      (void)own_administrator().run_script("drop database " + database_ + " with (force)");
    LaunchpadFixture::TearDown();
  }

  void run(const std::string& sql) {
    auto connection = Connection::open(here_);
    ASSERT_TRUE(connection) << connection.error().message;
    ASSERT_TRUE((*connection)->run_script(sql));
  }
  void add_worker(const std::string& name) {
    run("insert into errand.worker (name) values ('" + name + "')");
  }
  [[nodiscard]] std::vector<std::string> words() const {
    const Target target = target_as("launchpad");
    return {"--scratch", file("scratch"), "--database",
            "postgresql://errand_launchpad@/" + database_ + "?host=" + target.parameters.at("host") +
                "&port=" + target.parameters.at("port")};
  }
  [[nodiscard]] static std::string errand() {
    const char* command = std::getenv("ERRAND_COMMAND");
    return command == nullptr ? "errand" : command;
  }
  /// errand where /etc/passwd has no user of errand's.
  [[nodiscard]] std::vector<std::string> without_users() const {
    std::ifstream all("/etc/passwd");
    std::ofstream some(file("passwd"));
    for (std::string line; std::getline(all, line);)
      if (!line.starts_with("errand-")) some << line << "\n";
    return {
        "unshare", "-m", "sh", "-c", "mount --bind " + file("passwd") + " /etc/passwd && exec \"$0\" \"$@\"",
        errand()};
  }

 private:
  Target here_;
};

TEST_F(DatabaseServerLaunchpadStartTest, WithoutAnyWorkerItEndsAndSaysWhatMakesThem) {
  const std::string said = refusal_of(words(), {errand()}, 5);
  EXPECT_THAT(said, HasSubstr("the database has no worker errand_w1 ... errand_w"));
  EXPECT_THAT(said, HasSubstr("errand database init --workers N"));
}

TEST_F(DatabaseServerLaunchpadStartTest, AnIdentityWithoutItsWorkerIsNotUsed) {
  add_worker("errand_w2");
  auto launchpad = start();
  EXPECT_THAT(log_of(launchpad), HasSubstr("errand-w1 is not used: the database has no worker errand_w1"));
  EXPECT_THAT(log_of(launchpad), HasSubstr("with 1 identity"));
  auto job = exec(context_of("alice"), echo_after, 1);
  ASSERT_TRUE(job) << job.error().message;
  EXPECT_THAT(log_of(launchpad), HasSubstr("errand-w2 serves alice"));
}

TEST_F(DatabaseServerLaunchpadStartTest, AWorkerThatIsRemovedLaterIsNotUsed) {
  add_worker("errand_w1");
  add_worker("errand_w2");
  auto launchpad = start();
  run("delete from errand.worker where name = 'errand_w1'");
  ASSERT_TRUE(eventually([&] {
    return log_of(launchpad).find("errand-w1 is not used: the database has no worker errand_w1") !=
           std::string::npos;
  }));
  auto job = exec(context_of("alice"), echo_after, 1);
  ASSERT_TRUE(job) << job.error().message;
  EXPECT_THAT(log_of(launchpad), HasSubstr("errand-w2 serves alice"));
}

TEST_F(DatabaseServerLaunchpadStartTest, AWorkerThatIsMadeLaterIsUsed) {
  add_worker("errand_w1");
  auto launchpad = start();
  auto of_alice = exec(leaving("alice"), wait_for_file, each(std::vector<int>{1}),
                       each(std::vector<std::string>{file("go")}));
  ASSERT_TRUE(of_alice) << of_alice.error().message;
  ASSERT_GT(begun_task("go", 1), 0);
  auto of_bob = exec(leaving("bob"), echo_after, 1);
  ASSERT_TRUE(of_bob) << of_bob.error().message;
  add_worker("errand_w2");
  ASSERT_TRUE(wait_for_job(*of_bob)) << "while the only other identity is alice's";
  EXPECT_THAT(log_of(launchpad), HasSubstr("errand-w2 is used: the database has a worker errand_w2"));
  EXPECT_THAT(log_of(launchpad), HasSubstr("errand-w2 serves bob"));
  let_go("go");
  ASSERT_TRUE(wait_for_job(*of_alice));
}

TEST_F(DatabaseServerLaunchpadStartTest, WithoutItsUsersItSaysWhatMakesThem) {
  const auto command = without_users();
  if (std::system(("unshare -m mount --bind " + file("passwd") + " /etc/passwd 2>/dev/null").c_str()) != 0)
    GTEST_SKIP() << "nothing can be mounted here";
  const std::string said = refusal_of(words(), command, 2);
  EXPECT_THAT(said, HasSubstr("there is no user errand-lp"));
  EXPECT_THAT(said, HasSubstr("systemd-sysusers .../share/errand/errand-launchpad.sysusers"));
  EXPECT_THAT(said, HasSubstr("useradd --system --user-group"));
}

TEST_F(DatabaseServerLaunchpadStartTest, WhereOthersHaveItsUsersItSaysHowToShareThem) {
  add_worker("errand_w1");
  auto first = start();
  const std::string said = refusal_of(words(), {errand()}, 2);
  EXPECT_THAT(said, HasSubstr("--identities"));
}

}  // namespace
}  // namespace errand::database
