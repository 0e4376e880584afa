// SPDX-License-Identifier: Apache-2.0
// Whatever dies, and whenever: no acknowledged submission is lost, no result is lost or doubled, no status is
// wrong and nothing is left running.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "launchpad_fixture.h"

namespace errand::database {
namespace {

using testing::HasSubstr;

class DatabaseServerLaunchpadFaultsTest : public LaunchpadFixture {
 protected:
  void expect_values(const Job<int>& job, const std::vector<int>& values) {
    auto waited = wait_for_job(job);
    // While the server starts again a client is told so, and asks again.
    for (int i = 0; i < 100 && !waited && waited.error().transient; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      waited = wait_for_job(job);
    }
    ASSERT_TRUE(waited) << waited.error().message;
    EXPECT_EQ(waited->status, JobStatus::finished) << waited->reason;
    auto results = job.results();
    ASSERT_TRUE(results) << results.error().message;
    ASSERT_EQ(results->size(), values.size());
    for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ((*results)[i], values[i]);
  }

  std::int64_t number_of(const std::string& sql) {
    auto rows = own_administrator().run(sql);
    EXPECT_TRUE(rows) << sql << ": " << (rows ? "" : rows.error().message);
    return rows && rows->count() == 1 ? rows->number(0, 0) : -1;
  }
  std::int64_t bytes_of_values(const JobRef& job) {
    return number_of(
        "select coalesce(sum(octet_length(data)), 0)::bigint from errand.block where directory = 'jobs/" +
        job.id() + "' and file like 'values.%'");
  }
  /// And all of it is in the database.
  bool has_ended(const JobRef& job) {
    return number_of("select count(*)::bigint from errand.directory where path = 'jobs/" + job.id() +
                     "' and active") == 0;
  }

  /// The process that the server has for the launchpad's session in this database.
  pid_t session_of_launchpad() {
    auto rows = own_administrator().run(
        "select pid::bigint from pg_stat_activity where usename = 'errand_launchpad' and datname = "
        "current_database()");
    return rows && rows->count() > 0 ? static_cast<pid_t>(rows->number(0, 0)) : -1;
  }
};

/// These take the whole server down: nothing else may use it meanwhile.
class DatabaseServerDeathTest : public DatabaseServerLaunchpadFaultsTest {};

TEST_F(DatabaseServerLaunchpadFaultsTest, KilledWhileIdle) {
  auto first = start();
  kill(first);
  auto job = exec(leaving("alice"), echo_after, 1);
  ASSERT_TRUE(job) << job.error().message;
  auto status = get_job_status(*job);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->status, JobStatus::queued);
  EXPECT_THAT(status->reason, HasSubstr("no launchpad"));
  auto second = start();
  expect_values(*job, {1});
}

TEST_F(DatabaseServerLaunchpadFaultsTest, KilledWhileRunningAndWhatWasDoneIsNotDoneAgain) {
  expect_next_goes_on([this] { return start(); });
}

/// Its tasks go on without a session: nobody else may say that they have ended.
TEST_F(DatabaseServerLaunchpadFaultsTest, ACancelWhileItIsNotConnectedIsAnsweredByItAlone) {
  auto launchpad = start();
  auto job = exec(leaving("alice"), wait_for_file, 1, file("never"));
  ASSERT_TRUE(job) << job.error().message;
  const pid_t task = begun_task("never", 1);
  ASSERT_GT(task, 0);
  ASSERT_EQ(::kill(launchpad.pid, SIGSTOP), 0);
  ASSERT_TRUE(
      own_administrator().run_script("select pg_terminate_backend(pid) from pg_stat_activity "
                                     "where usename = 'errand_launchpad' and datname = current_database()"));
  CleanupOptions force;
  force.force = true;
  auto cleaned = cleanup_jobs({*job}, force);  // cancels it first
  ASSERT_TRUE(cleaned) << cleaned.error().message;
  EXPECT_TRUE(cleaned->removed.empty());
  ASSERT_EQ(cleaned->warnings.size(), 1u);
  EXPECT_THAT(cleaned->warnings[0], HasSubstr("is not connected"));
  EXPECT_EQ(get_job_status(*job)->status, JobStatus::running);
  EXPECT_EQ(::kill(task, 0), 0);
  ASSERT_EQ(::kill(launchpad.pid, SIGCONT), 0);
  auto end = wait_for_job(*job);
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_EQ(end->status, JobStatus::canceled) << end->reason;
  EXPECT_TRUE(eventually([&] { return ::kill(task, 0) != 0; }));
}

TEST_F(DatabaseServerLaunchpadFaultsTest, EndedAsAServiceIsAndGoneOnWith) {
  auto first = start();
  auto job = exec(leaving("alice"), wait_for_file, 3, file("go"));
  ASSERT_TRUE(job) << job.error().message;
  ASSERT_TRUE(eventually([&] { return began("go", 3); }));
  EXPECT_EQ(stop(first), 0);
  EXPECT_TRUE(processes_below(first.scratch).empty());
  auto status = get_job_status(*job);
  ASSERT_TRUE(status);
  EXPECT_THAT(status->reason, HasSubstr("no launchpad"));
  let_go("go");
  auto second = start();
  expect_values(*job, {3});
}

TEST_F(DatabaseServerLaunchpadFaultsTest, KilledWhileShipping) {
  const std::vector<int> sizes{30'000'000, 100, 70'000, 40'000'000, 2'000'000};
  ComputeContext context = leaving("alice");
  context.lost_task_retries = 100;
  auto job = exec(context, large_value, each(sizes));
  ASSERT_TRUE(job) << job.error().message;
  int in_the_middle = 0;
  for (int i = 0; i < 4 && !has_ended(*job); ++i) {
    const std::int64_t before = bytes_of_values(*job);
    auto launchpad = start();
    ASSERT_TRUE(eventually([&] { return bytes_of_values(*job) > before || has_ended(*job); }));
    kill(launchpad);
    if (!has_ended(*job)) ++in_the_middle;
  }
  EXPECT_GT(in_the_middle, 0) << "it had brought a part, and was killed";
  auto last = start();
  ASSERT_TRUE(wait_for_job(*job));
  auto results = job->results();
  ASSERT_TRUE(results) << results.error().message;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    ASSERT_EQ((*results)[i].size(), static_cast<std::size_t>(sizes[i]));
    EXPECT_TRUE((*results)[3].starts_with((*results)[i])) << i;
  }
}

/// In the middle of lend(): take_back(), which comes before it, needs nothing that is locked here.
TEST_F(DatabaseServerLaunchpadFaultsTest, KilledWhileLending) {
  if (geteuid() != 0) GTEST_SKIP() << "needs the workers' users";
  auto first = start();
  ASSERT_TRUE(own_administrator().run_script("begin; lock table pg_auth_members in share mode"));
  auto job = exec(leaving("alice"), echo_after, 2);
  ASSERT_TRUE(job) << job.error().message;
  ASSERT_TRUE(eventually([&] {
    auto other = Connection::open(target_as("administrator"));
    auto waiting = (*other)->run(
        "select count(*)::bigint from pg_stat_activity where wait_event_type = 'Lock' and usename = "
        "'errand_launchpad' and datname = current_database() and query like '%errand.lend(%'");
    return waiting && waiting->number(0, 0) > 0;
  }));
  kill(first);
  ASSERT_TRUE(own_administrator().run_script("rollback"));
  auto second = start();
  expect_values(*job, {2});
}

/// The next one has that worker alone, and somebody else to serve.
TEST_F(DatabaseServerLaunchpadFaultsTest, KilledWhileAWorkerIsLent) {
  if (geteuid() != 0) GTEST_SKIP() << "needs the workers' users";
  auto first = start({"--identities", "1"});
  auto hers = exec(leaving("alice"), wait_for_file, 1, file("go"));
  ASSERT_TRUE(hers) << hers.error().message;
  ASSERT_TRUE(eventually([&] { return began("go", 1); }));
  auto his = exec(leaving("bob"), echo_after, 2);
  ASSERT_TRUE(his) << his.error().message;
  kill(first);
  let_go("go");
  auto second = start({"--identities", "1"});
  expect_values(*his, {2});
  expect_values(*hers, {1});
}

TEST_F(DatabaseServerLaunchpadFaultsTest, TheClientIsGoneRightAfterItsSubmission) {
  ComputeContext context = leaving("alice");
  std::array<int, 2> told{};
  ASSERT_EQ(pipe(told.data()), 0);
  const pid_t client = fork();
  if (client == 0) {
    auto job = exec(context, echo_after, 4);
    const std::string id = job ? job->id() : "";
    (void)!write(told[1], id.data(), id.size());
    raise(SIGKILL);
  }
  close(told[1]);
  std::array<char, 64> id{};
  const ssize_t length = read(told[0], id.data(), id.size());
  close(told[0]);
  waitpid(client, nullptr, 0);
  ASSERT_GT(length, 0);
  auto launchpad = start();
  JobRef ref(std::string(id.data(), static_cast<std::size_t>(length)), context.share_dir);
  ASSERT_TRUE(wait_for_job(ref));
  auto results = get_job_results<int>(ref);
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_EQ((*results)[0], 4);
}

TEST_F(DatabaseServerLaunchpadFaultsTest, ItsSessionIsEndedWhileAJobRuns) {
  auto launchpad = start();
  auto job = exec(leaving("alice"), wait_for_file, each(std::vector<int>{0, 1}), file("go"));
  ASSERT_TRUE(job) << job.error().message;
  ASSERT_TRUE(eventually([&] { return began("go", 0) && began("go", 1); }));
  for (int i = 0; i < 3; ++i) {
    const pid_t before = session_of_launchpad();
    ASSERT_TRUE(
        own_administrator().run_script("select pg_terminate_backend(" + std::to_string(before) + ")"));
    ASSERT_TRUE(eventually([&] {
      const pid_t now = session_of_launchpad();
      return now > 0 && now != before;
    }));
  }
  let_go("go");
  expect_values(*job, {0, 1});
  EXPECT_EQ(starts("go", 0), 1) << "what ran went on";
}

TEST_F(DatabaseServerLaunchpadFaultsTest, TheConnectionIsCutAtEveryMessage) {
  constexpr int most = 60;
  Target target = target_as("launchpad");
  const std::string folder = file("proxy");
  std::filesystem::create_directory(folder);
  chmod(folder.c_str(), 0755);
  const std::string name = "/.s.PGSQL." + target.parameters["port"];
  std::array<int, 2> held{};
  ASSERT_EQ(pipe2(held.data(), O_CLOEXEC), 0);
  const pid_t proxy = fork();
  if (proxy == 0) {
    dup2(held[0], 0);
    const std::string program = std::string(std::getenv("ERRAND_TEST_PROGRAMS")) + "/cutting_proxy";
    const std::string listen = folder + name;
    const std::string real = target.parameters["host"] + name;
    execl(program.c_str(), program.c_str(), listen.c_str(), real.c_str(), std::to_string(most).c_str(),
          file("uncut").c_str(), nullptr);
    _exit(127);
  }
  ASSERT_TRUE(eventually([&] { return access((folder + name).c_str(), F_OK) == 0; }));
  auto launchpad = start({}, "host='" + folder + "' port=" + target.parameters["port"] +
                                 " user=errand_launchpad dbname=" + database_);
  std::vector<Job<int>> jobs;
  int canceled = 0;
  for (int i = 0; access(file("uncut").c_str(), F_OK) != 0 && i < 2000; ++i) {
    auto job = exec(leaving("alice"), echo_after, each(std::vector<int>{i % 5, 1, 2}));
    ASSERT_TRUE(job) << job.error().message;
    jobs.push_back(*std::move(job));
    auto doomed = exec(leaving("alice"), wait_for_file, i, file("never"));
    ASSERT_TRUE(doomed) << doomed.error().message;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    ASSERT_TRUE(cancel_job(*doomed));
    auto end = wait_for_job(*doomed);
    ASSERT_TRUE(end);
    EXPECT_EQ(end->status, JobStatus::canceled) << end->reason;
    ++canceled;
  }
  EXPECT_GT(canceled, 0);
  for (std::size_t i = 0; i < jobs.size(); ++i) expect_values(jobs[i], {static_cast<int>(i) % 5, 1, 2});
  stop(launchpad);
  close(held[1]);
  ::kill(proxy, SIGKILL);
  waitpid(proxy, nullptr, 0);
}

TEST_F(DatabaseServerLaunchpadFaultsTest, AStatementTimeoutOfItsRoleDoesNotCutAnythingShort) {
  ASSERT_TRUE(own_administrator().run_script("alter role errand_launchpad in database " + database_ +
                                             " set statement_timeout = '1ms'"));
  auto launchpad = start();
  auto job = exec(leaving("alice"), large_value, each(std::vector<int>{20'000'000}));
  ASSERT_TRUE(job) << job.error().message;
  ASSERT_TRUE(wait_for_job(*job));
  auto results = job->results();
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_EQ((*results)[0].size(), 20'000'000u);
  ASSERT_TRUE(own_administrator().run_script("alter role errand_launchpad in database " + database_ +
                                             " reset statement_timeout"));
}

TEST_F(DatabaseServerLaunchpadFaultsTest, ASubmitterWhoLosesHisRightsLosesNoResult) {
  if (geteuid() != 0) GTEST_SKIP() << "without root one user has one launchpad";
  const std::string carol = "carol_" + std::to_string(getpid());
  Connection& administrator = own_administrator();
  ASSERT_TRUE(administrator.run_script("create role " + carol + " login password 'bob-secret'"));
  ASSERT_TRUE(administrator.run_script("grant errand_user to " + carol + "; grant " + carol +
                                       " to errand_lender with admin option"));
  Target target = target_as("bob");
  auto context = InDatabase("host=" + target.parameters["host"] + " port=" + target.parameters["port"] +
                            " user=" + carol + " password=bob-secret dbname=" + database_);
  ASSERT_TRUE(context);
  context->wait = false;
  auto launchpad = start();
  auto job = exec(*context, wait_for_file, 6, file("go"));
  ASSERT_TRUE(job) << job.error().message;
  ASSERT_TRUE(eventually([&] { return began("go", 6); }));
  ASSERT_TRUE(administrator.run_script("revoke errand_user from " + carol));
  let_go("go");
  ASSERT_TRUE(eventually([&] {
    auto rows = administrator.run("select count(*)::bigint from errand.directory where active");
    return rows && rows->number(0, 0) == 0;
  }));
  ASSERT_TRUE(administrator.run_script("grant errand_user to " + carol));
  expect_values(*job, {6});
  stop(launchpad);
  (void)administrator.run_script("drop owned by " + carol + "; drop role " + carol);
}

TEST_F(DatabaseServerLaunchpadFaultsTest, ATaskThatEndsItsOwnSessionHurtsNobody) {
  if (geteuid() != 0) GTEST_SKIP() << "needs the workers' users";
  auto launchpad = start();
  auto job = exec(context_of("alice"), ask_database,
                  each(std::vector<std::string>{
                      // The session belongs to the worker's role, and only that may end it.
                      "select set_config('role', 'none', false), pg_terminate_backend(pg_backend_pid())",
                      "select current_user::text"}));
  ASSERT_TRUE(job) << job.error().message;
  auto results = job->results();
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_THAT((*results)[0], testing::AnyOf(HasSubstr("terminating connection"), HasSubstr("was lost")));
  EXPECT_EQ((*results)[1], "alice");
  auto next = exec(context_of("alice"), echo_after, 1);
  ASSERT_TRUE(next) << next.error().message;
  expect_values(*next, {1});
}

TEST_F(DatabaseServerDeathTest, OneBackendIsKilledAndTheWholeServerStartsAgain) {
  auto launchpad = start();
  auto job = exec(leaving("alice"), wait_for_file, each(std::vector<int>{0, 1}), file("go"));
  ASSERT_TRUE(job) << job.error().message;
  ASSERT_TRUE(eventually([&] { return began("go", 0); }));
  const pid_t before = session_of_launchpad();
  ASSERT_GT(before, 0);
  ASSERT_EQ(::kill(before, SIGKILL), 0);
  let_go("go");
  expect_values(*job, {0, 1});
}

TEST_F(DatabaseServerDeathTest, TheServerIsKilledAndStartedAgain) {
  auto launchpad = start();
  auto job = exec(leaving("alice"), wait_for_file, each(std::vector<int>{0, 1}), file("go"));
  ASSERT_TRUE(job) << job.error().message;
  ASSERT_TRUE(eventually([&] { return began("go", 0); }));
  std::ifstream pid_file(folder_ + "/data/postmaster.pid");
  pid_t postmaster = 0;
  pid_file >> postmaster;
  ASSERT_GT(postmaster, 0);
  ASSERT_EQ(::kill(postmaster, SIGKILL), 0);
  let_go("go");  // ends while there is no server
  const std::string again = std::string(std::getenv("ERRAND_TEST_SOURCE")) + "/tests/database/pg-up " +
                            folder_ + " >/dev/null 2>&1";
  ASSERT_EQ(std::system(again.c_str()), 0);
  expect_values(*job, {0, 1});
  EXPECT_EQ(starts("go", 0), 1);
}

}  // namespace
}  // namespace errand::database
