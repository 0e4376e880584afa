// SPDX-License-Identifier: Apache-2.0
// A launchpad that is not started as root: one user, one submitter, no identities. As root the tests start it
// as the user nobody, else as their own.
#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "errand/doctor.h"
#include "launchpad_fixture.h"
#include "launchpad_process.h"

namespace errand::database {
namespace {

using testing::HasSubstr;

class DatabaseServerLaunchpadUserTest : public LaunchpadFixture {
 protected:
  void SetUp() override {
    LaunchpadFixture::SetUp();
    if (IsSkipped()) return;
    const passwd* user = geteuid() == 0 ? getpwnam("nobody") : getpwuid(geteuid());
    ASSERT_NE(user, nullptr);
    user_ = user->pw_name;
    uid_ = user->pw_uid;
    gid_ = user->pw_gid;
    std::filesystem::create_directory(home());
    give(home());
    // Where the build lies another user may not enter.
    std::filesystem::copy_file(std::getenv("ERRAND_COMMAND"), file("errand"));
    ASSERT_TRUE(own_administrator().run_script("alter role errand_launchpad password 'launchpad-secret'"));
    keep_passwords("*:*:*:errand_launchpad:launchpad-secret\n*:*:*:alice:alice-secret\n");
  }
  void TearDown() override {
    if (!IsSkipped()) (void)own_administrator().run_script("alter role errand_launchpad password null");
    LaunchpadFixture::TearDown();
  }

  [[nodiscard]] std::string home() const { return file("home"); }
  void give(const std::string& path) const {
    if (geteuid() == 0) {
      ASSERT_EQ(chown(path.c_str(), uid_, gid_), 0);
    }
  }
  void keep_passwords(const std::string& lines) const {
    const std::string path = home() + "/.pgpass";
    std::ofstream(path) << lines;
    chmod(path.c_str(), 0600);
    give(path);
  }

  /// errand as that user, in an environment of its own.
  [[nodiscard]] std::vector<std::string> command() const {
    std::vector<std::string> words{"env", "-i", "HOME=" + home(), "PATH=/usr/local/bin:/usr/bin:/bin"};
    if (geteuid() == 0) {
      words.insert(words.end(), {"setpriv", "--reuid=" + user_, "--regid=" + std::to_string(gid_),
                                 "--clear-groups", "--pdeathsig=TERM"});
    }
    words.push_back(file("errand"));
    return words;
  }
  /// What leads to the database, and more.
  [[nodiscard]] std::vector<std::string> words(const std::vector<std::string>& more) const {
    const Target over_network = target_as("alice");
    std::vector<std::string> all{
        "--workers", "2", "--database",
        "postgresql://errand_launchpad@127.0.0.1:" + over_network.parameters.at("port") + "/" + database_};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  Running start_for_alice() {
    static int number = 0;
    Running running;
    running.scratch = home() + "/.local/state/errand/launchpad";
    running.log = file("user" + std::to_string(++number) + ".log");
    serve(running, words({"--role", "alice"}), command());
    return running;
  }

  /// What a launchpad says that has to refuse to begin.
  std::string refusal(const std::vector<std::string>& words, int code = 5) {
    return refusal_of(words, command(), code);
  }

  std::string user_;
  uid_t uid_ = 0;
  gid_t gid_ = 0;
};

TEST_F(DatabaseServerLaunchpadUserTest, RunsTheSubmittersJobsAsItsOwnUser) {
  auto launchpad = start_for_alice();
  EXPECT_THAT(log_of(launchpad), HasSubstr("tasks run as " + user_ + ", for the submitter alice alone"));
  ComputeContext context = context_of("alice");
  auto job = exec(context, large_value, each(std::vector<int>{100, 5'000'000}));
  ASSERT_TRUE(job) << job.error().message;
  auto results = job->results();
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_EQ((*results)[1].size(), 5'000'000u);
  context.auto_cleanup = false;
  auto program = exec_program(context, {"/bin/sh", "-c", "id -u; echo $USER; echo $HOME; echo oops >&2"});
  ASSERT_TRUE(program) << program.error().message;
  auto text = get_job_output(*program);
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_THAT(*text, HasSubstr(std::to_string(uid_) + "\n" + user_ + "\n" + home() + "\n"));
  EXPECT_THAT(*text, HasSubstr("oops"));
}

TEST_F(DatabaseServerLaunchpadUserTest, TasksConnectAsTheSubmitterWithThePasswordOfItsUser) {
  auto launchpad = start_for_alice();
  const std::vector<std::string> ask{"select current_user::text"};
  auto job = exec(context_of("alice"), ask_database, each(ask));
  ASSERT_TRUE(job) << job.error().message;
  auto answer = job->results();
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ((*answer)[0], "alice");
  keep_passwords("*:*:*:errand_launchpad:launchpad-secret\n");
  job = exec(context_of("alice"), ask_database, each(ask));
  ASSERT_TRUE(job) << job.error().message;
  answer = job->results();
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_THAT((*answer)[0], HasSubstr("no password"));
}

TEST_F(DatabaseServerLaunchpadUserTest, ACanceledJobEnds) {
  auto launchpad = start_for_alice();
  auto job = exec(leaving("alice"), wait_for_file, 1, file("never"));
  ASSERT_TRUE(job) << job.error().message;
  const pid_t task = begun_task("never", 1);
  ASSERT_GT(task, 0);
  ASSERT_TRUE(cancel_job(*job));
  auto status = wait_for_job(*job);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(status->status, JobStatus::canceled) << status->reason;
  EXPECT_TRUE(eventually([&] { return ::kill(task, 0) != 0; }));
}

TEST_F(DatabaseServerLaunchpadUserTest, KilledItIsFollowedByAnotherThatGoesOn) {
  expect_next_goes_on([this] { return start_for_alice(); });
}

TEST_F(DatabaseServerLaunchpadUserTest, AnotherSubmittersJobWaitsAndSaysForWhat) {
  auto launchpad = start_for_alice();
  auto job = exec(leaving("bob"), echo_after, 1);
  ASSERT_TRUE(job) << job.error().message;
  // Alice's is claimed while bob's is there.
  auto hers = exec(context_of("alice"), echo_after, 1);
  ASSERT_TRUE(hers) << hers.error().message;
  auto status = get_job_status(*job);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(status->status, JobStatus::queued);
  EXPECT_THAT(status->reason, HasSubstr("no launchpad serves bob"));
  std::string said;
  for (const Finding& finding : examine(context_of("bob")))
    if (finding.subject == "launchpad") said += finding.message;
  EXPECT_THAT(said, HasSubstr("for other submitters alone"));
  ASSERT_TRUE(cancel_job(*job));
  status = wait_for_job(*job);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(status->status, JobStatus::canceled) << "nobody has to be there for that";
}

TEST_F(DatabaseServerLaunchpadUserTest, RefusesASubmitterWhoseJobsItCannotRun) {
  const std::string unnamed = refusal(words({}));
  EXPECT_THAT(unnamed, HasSubstr("the role " + user_ + " cannot be run: there is no such role"));
  EXPECT_THAT(unnamed, HasSubstr("--role"));
  EXPECT_THAT(refusal(words({"--role", "postgres"})), HasSubstr("with the right superuser"));
  const std::string dave = "dave_" + std::to_string(getpid());
  ASSERT_TRUE(own_administrator().run_script("create role " + dave + " login"));
  EXPECT_THAT(refusal(words({"--role", dave})), HasSubstr("no member of errand_user"));
  ASSERT_TRUE(own_administrator().run_script("grant errand_user to " + dave));
  EXPECT_THAT(refusal(words({"--role", dave})), HasSubstr("errand database init --user " + dave));
  ASSERT_TRUE(own_administrator().run_script("drop role " + dave));
  EXPECT_THAT(refusal(words({"--role", "alice", "--identities", "2"}), 2), HasSubstr("--identities is for"));
}

TEST_F(DatabaseServerLaunchpadUserTest, SaysHowItMayBecomeTheLaunchpadsRole) {
  keep_passwords("");
  EXPECT_THAT(refusal(words({"--role", "alice"})), HasSubstr("~/.pgpass"));
  const std::string by_socket = uri_of("launchpad");
  if (geteuid() != 0) return;  // pg-up lets its caller be the launchpad
  EXPECT_THAT(refusal({"--role", "alice", "--database", by_socket}),
              HasSubstr("errand_launchpad " + user_ + " errand_launchpad"));
}

TEST_F(DatabaseServerLaunchpadUserTest, TwoInOneScratchFolderAreOneTooMany) {
  auto launchpad = start_for_alice();
  EXPECT_THAT(refusal(words({"--role", "alice"})),
              HasSubstr("another launchpad works in " + launchpad.scratch));
  EXPECT_THAT(refusal(words({"--role", "alice", "--scratch", "/proc/none"})), HasSubstr("--scratch"));
}

}  // namespace
}  // namespace errand::database
