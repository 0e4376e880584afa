// SPDX-License-Identifier: Apache-2.0
// Submissions are counted while the server is killed again and again: what was acknowledged is there
// afterwards, once, and runs.
#include <signal.h>
#include <sys/wait.h>

#include <fstream>
#include <map>
#include <set>

#include "database/launchpad_process.h"
#include "launchpad_fixture.h"

namespace errand::database {
namespace {

constexpr int submitters = 3;
constexpr int kills = 3;
constexpr std::size_t between_kills = 60;  ///< submissions

class DatabaseServerAcknowledgedTest : public LaunchpadFixture {
 protected:
  void TearDown() override {
    if (!IsSkipped()) set_up_role("reset synchronous_commit", "reset wal_writer_delay");
    LaunchpadFixture::TearDown();
  }

  void set_up_role(const std::string& alice, const std::string& server) {
    Connection& administrator = own_administrator();
    EXPECT_TRUE(administrator.run_script("alter role alice in database " + database_ + " " + alice));
    EXPECT_TRUE(administrator.run_script("alter system " + server));
    EXPECT_TRUE(administrator.run_script("select pg_reload_conf()"));
  }

  /// A process that submits until the file "enough" is there; each id is written when it is acknowledged.
  pid_t start_submitter(int number) {
    const pid_t pid = fork();
    if (pid != 0) return pid;
    const ComputeContext context = leaving("alice");
    std::ofstream acknowledged(file("acknowledged." + std::to_string(number)));
    std::ofstream refused(file("refused." + std::to_string(number)));
    while (access(file("enough").c_str(), F_OK) != 0) {
      auto job = exec(context, echo_after, number);
      (job ? acknowledged : refused) << (job ? job->id() : job.error().message) << std::endl;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    _exit(0);
  }

  /// Who submitted what.
  [[nodiscard]] std::map<std::string, int> acknowledged() const {
    std::map<std::string, int> ids;
    for (int i = 0; i < submitters; ++i) {
      std::ifstream lines(file("acknowledged." + std::to_string(i)));
      for (std::string id; std::getline(lines, id);) ids.emplace(id, i);
    }
    return ids;
  }
  [[nodiscard]] std::size_t refused() const {
    std::size_t count = 0;
    for (int i = 0; i < submitters; ++i) {
      const std::string text = text_of_file(file("refused." + std::to_string(i)));
      count += static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    }
    return count;
  }

  void kill_server_and_start_it() {
    pid_t postmaster = 0;
    std::ifstream(folder_ + "/data/postmaster.pid") >> postmaster;
    ASSERT_GT(postmaster, 0);
    ASSERT_EQ(::kill(postmaster, SIGKILL), 0);
    const std::string again = std::string(std::getenv("ERRAND_TEST_SOURCE")) + "/tests/database/pg-up " +
                              folder_ + " >/dev/null 2>&1";
    ASSERT_EQ(std::system(again.c_str()), 0);
    (void)own_administrator().run("select 1", {});  // finds out that it is lost
  }

  void submit_while_the_server_is_killed() {
    std::vector<pid_t> processes;
    for (int i = 0; i < submitters; ++i) processes.push_back(start_submitter(i));
    for (int i = 0; i < kills; ++i) {
      const std::size_t before = acknowledged().size();
      EXPECT_TRUE(eventually([&] { return acknowledged().size() >= before + between_kills; }));
      kill_server_and_start_it();
    }
    let_go("enough");
    for (pid_t process : processes) {
      int status = 0;
      waitpid(process, &status, 0);
      EXPECT_EQ(status, 0);
    }
  }

  void expect_each_is_there_once() {
    const auto ids = acknowledged();
    auto rows = own_administrator().run("select path from errand.directory where path like 'jobs/%'");
    ASSERT_TRUE(rows) << rows.error().message;
    std::multiset<std::string> there;
    for (std::size_t i = 0; i < rows->count(); ++i) {
      there.emplace(rows->text(i, 0).substr(std::string_view("jobs/").size()));
    }
    std::size_t lost = 0;
    for (const auto& [id, submitter] : ids) {
      lost += there.count(id) == 0 ? 1 : 0;
      EXPECT_LE(there.count(id), 1u) << id;
    }
    EXPECT_EQ(lost, 0u) << "of " << ids.size();
    EXPECT_LE(there.size(), ids.size() + refused()) << "a submission was made twice";
  }

  void expect_each_runs() {
    start();
    const std::string place = leaving("alice").share_dir;
    for (const auto& [id, submitter] : acknowledged()) {
      const JobRef job(id, place);
      ASSERT_TRUE(wait_for_job(job));
      auto results = get_job_results<int>(job);
      ASSERT_TRUE(results) << results.error().message;
      EXPECT_EQ((*results)[0], submitter);
    }
  }
};

TEST_F(DatabaseServerAcknowledgedTest, IsThereOnceWhenTheServerWasKilled) {
  submit_while_the_server_is_killed();
  expect_each_is_there_once();
  expect_each_runs();
}

/// The server then writes commits to its disk seconds after it has answered - for those who let it.
TEST_F(DatabaseServerAcknowledgedTest, IsThereThoughTheSubmittersRoleCommitsAsynchronously) {
  set_up_role("set synchronous_commit = off", "set wal_writer_delay = '10s'");
  submit_while_the_server_is_killed();
  expect_each_is_there_once();
}

}  // namespace
}  // namespace errand::database
