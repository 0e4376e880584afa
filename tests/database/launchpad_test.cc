// SPDX-License-Identifier: Apache-2.0
// A launchpad and clients, on a real server: what the two promise each other when nothing goes wrong.
#include <sys/wait.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "client/open_place.h"
#include "launchpad_fixture.h"
#include "share/job_directory.h"
#include "share/names.h"

namespace errand::database {
namespace {

using testing::HasSubstr;

class DatabaseServerLaunchpadTest : public LaunchpadFixture {
 protected:
  /// The request of a retry of the one task, and nothing else of it: nobody is told. Null: it failed.
  static std::shared_ptr<share::Place> ask_for_another_run(const JobRef& job) {
    auto place = client::open_place(job.place(), false);
    auto directory = place ? share::JobDirectory::open(*place, job.id())
                           : Result<std::unique_ptr<share::JobDirectory>>(place.error());
    EXPECT_TRUE(directory) << (directory ? "" : directory.error().message);
    if (!directory) return nullptr;
    share::Request request;
    request.kind = share::Request::Kind::retry;
    request.tasks = {{0, 1}};
    request.first_attempt = 2;
    EXPECT_TRUE((*directory)->add_request(request));
    return *place;
  }
};

std::vector<int> numbers(int count) {
  std::vector<int> list(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) list[static_cast<std::size_t>(i)] = i % 3;
  return list;
}

TEST_F(DatabaseServerLaunchpadTest, RunsAJobAndBringsItsResultsBack) {
  start();
  auto job = exec(context_of("alice"), echo_after, each(numbers(20)));
  ASSERT_TRUE(job) << job.error().message;
  auto results = job->results();
  ASSERT_TRUE(results) << results.error().message;
  ASSERT_EQ(results->size(), 20u);
  EXPECT_EQ((*results)[4], 1);
}

TEST_F(DatabaseServerLaunchpadTest, RunsWhatWasSubmittedBeforeItCame) {
  ComputeContext context = leaving("alice");
  std::vector<Job<int>> jobs;
  for (int i = 0; i < 40; ++i) {  // more than one claim takes
    auto job = exec(context, echo_after, i % 2);
    ASSERT_TRUE(job) << job.error().message;
    jobs.push_back(*std::move(job));
  }
  auto waiting = get_job_status(jobs[0]);
  ASSERT_TRUE(waiting);
  EXPECT_EQ(waiting->status, JobStatus::queued);
  start();
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    ASSERT_TRUE(wait_for_job(jobs[i]));
    auto results = jobs[i].results();
    ASSERT_TRUE(results) << results.error().message;
    EXPECT_EQ((*results)[0], static_cast<int>(i) % 2);
  }
}

TEST_F(DatabaseServerLaunchpadTest, ACancelWhileNobodyServesIsCarriedOutByWhoeverAsks) {
  ComputeContext context = leaving("alice");
  auto job = exec(context, wait_for_file, 1, file("go"));
  ASSERT_TRUE(job) << job.error().message;
  auto canceled = cancel_job(*job);
  ASSERT_TRUE(canceled) << canceled.error().message;
  EXPECT_TRUE(canceled->canceled) << canceled->message;
  auto output = get_job_output(*job);
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code, ErrorCode::job_canceled) << output.error().message;
  start();
  auto next = exec(context, echo_after, 1);
  ASSERT_TRUE(next) << next.error().message;
  ASSERT_TRUE(wait_for_job(*next));
  EXPECT_FALSE(began("go", 1));
  EXPECT_EQ(get_job_status(*job)->status, JobStatus::canceled);
}

TEST_F(DatabaseServerLaunchpadTest, LargeValuesAndConsoleTextArriveWhole) {
  start();
  ComputeContext context = context_of("alice");
  auto job = exec(context, large_value, each(std::vector<int>{100, 70'000, 5'000'000}));
  ASSERT_TRUE(job) << job.error().message;
  auto results = job->results();
  ASSERT_TRUE(results) << results.error().message;
  ASSERT_EQ((*results)[2].size(), 5'000'000u);
  EXPECT_EQ((*results)[1], (*results)[2].substr(0, 70'000));
  context.auto_cleanup = false;
  auto program = exec_program(context, {"/bin/sh", "-c", "echo hello; echo world >&2"});
  ASSERT_TRUE(program) << program.error().message;
  auto text = get_job_output(*program);
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_THAT(*text, HasSubstr("hello"));
  EXPECT_THAT(*text, HasSubstr("world"));
}

TEST_F(DatabaseServerLaunchpadTest, ACanceledJobEndsAndARetriedOneRunsAgain) {
  auto launchpad = start();
  ComputeContext context = leaving("alice");
  auto job = exec(context, wait_for_file, 1, file("go"));
  ASSERT_TRUE(job) << job.error().message;
  ASSERT_TRUE(eventually([&] { return began("go", 1); }));
  ASSERT_TRUE(cancel_job(*job));
  auto status = wait_for_job(*job);
  ASSERT_TRUE(status);
  EXPECT_EQ(get_job_status(*job)->status, JobStatus::canceled);

  auto failing = exec_program(context, {"/bin/sh", "-c", "test -e " + file("mended")});
  ASSERT_TRUE(failing) << failing.error().message;
  ASSERT_TRUE(wait_for_job(*failing));
  let_go("mended");
  ASSERT_TRUE(retry_job(*failing));
  ASSERT_TRUE(wait_for_job(*failing));
  auto results = failing->results();
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_EQ((*results)[0].exit_code, 0);
}

/// The launchpad sleeps while the job's run ends on its host and the request to run it again arrives.
TEST_F(DatabaseServerLaunchpadTest, ARetryThatArrivesTogetherWithTheEndIsNotForgotten) {
  auto launchpad = start();
  ASSERT_GT(launchpad.pid, 0);
  ComputeContext context = leaving("alice");
  auto job = exec(context, wait_for_file, 1, file("go"));
  ASSERT_TRUE(job) << job.error().message;
  ASSERT_TRUE(eventually([&] { return began("go", 1); }));
  ASSERT_EQ(::kill(launchpad.pid, SIGSTOP), 0);
  let_go("go");
  const std::string active = launchpad.scratch + "/w1/place/" + share::active_path(job->id());
  EXPECT_TRUE(eventually([&] { return access(active.c_str(), F_OK) != 0; }));

  auto place = ask_for_another_run(*job);
  ASSERT_NE(place, nullptr);
  ASSERT_TRUE(place->ring(job->id()));
  ASSERT_EQ(::kill(launchpad.pid, SIGCONT), 0);
  EXPECT_TRUE(eventually([&] { return starts("go", 1) == 2; }));
  ASSERT_TRUE(wait_for_job(*job));
  EXPECT_EQ(get_job_status(*job)->status, JobStatus::finished);
}

TEST_F(DatabaseServerLaunchpadTest, ARetryWhoseClientDiedBeforeItToldAnybodyIsTakenUpByWhoeverAsks) {
  start();
  ComputeContext context = leaving("alice");
  let_go("go");
  auto job = exec(context, wait_for_file, 1, file("go"));
  ASSERT_TRUE(job) << job.error().message;
  ASSERT_TRUE(wait_for_job(*job));
  const std::string path = share::job_path(job->id());
  EXPECT_TRUE(eventually([&] {
    auto rows = own_administrator().run(
        "select active or lease is not null from errand.directory where path = '" + path + "'");
    return rows && rows->count() == 1 && !rows->truth(0, 0);
  }));
  auto place = ask_for_another_run(*job);
  ASSERT_NE(place, nullptr);
  ASSERT_TRUE(place->files().remove(path + "/seal"));
  ASSERT_TRUE(wait_for_job(*job));
  EXPECT_EQ(get_job_status(*job)->status, JobStatus::finished);
  EXPECT_EQ(starts("go", 1), 2);
}

/// It would keep the workers' users from everybody after it.
TEST_F(DatabaseServerLaunchpadTest, ALaunchpadEndsWithWhoeverStartedItSo) {
  const pid_t starter = fork();
  if (starter == 0) {
    const Running launchpad = start();
    std::ofstream(file("pid.new")) << launchpad.pid;
    std::filesystem::rename(file("pid.new"), file("pid"));
    pause();
  }
  EXPECT_TRUE(eventually([&] { return access(file("pid").c_str(), F_OK) == 0; }));
  pid_t launchpad = 0;
  std::ifstream(file("pid")) >> launchpad;
  ASSERT_GT(launchpad, 0);
  ::kill(starter, SIGKILL);
  waitpid(starter, nullptr, 0);
  EXPECT_TRUE(eventually([&] { return ::kill(launchpad, 0) != 0; }));
}

TEST_F(DatabaseServerLaunchpadTest, TwoOfThemShareTheWork) {
  if (geteuid() != 0) GTEST_SKIP() << "without root one user has one launchpad";
  constexpr int jobs_of_each = 15;
  auto one = start({"--identities", "1"});
  auto two = start({"--identities", "1"});
  std::vector<Job<int>> jobs;
  for (int i = 0; i < 2 * jobs_of_each; ++i) {
    auto job = exec(leaving(i % 2 == 0 ? "alice" : "bob"), wait_for_file, i, file("go"));
    ASSERT_TRUE(job) << job.error().message;
    jobs.push_back(*std::move(job));
  }
  // At the same time, and each has one identity.
  ASSERT_TRUE(eventually([&] { return began("go", 0) && began("go", 1); }));
  let_go("go");
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    ASSERT_TRUE(wait_for_job(jobs[i]));
    auto results = jobs[i].results();
    ASSERT_TRUE(results) << results.error().message;
    EXPECT_EQ((*results)[0], static_cast<int>(i));
    EXPECT_EQ(starts("go", static_cast<int>(i)), 1) << "no task was run by both";
  }
  const std::string said = log_of(one) + log_of(two);
  EXPECT_THAT(said, HasSubstr("errand-w1 serves "));
  EXPECT_THAT(said, HasSubstr("errand-w2 serves "));
}

/// Notifications are hints, and kept nowhere. The first looks are those at the start.
TEST_F(DatabaseServerLaunchpadTest, FindsJobsThatNoNotificationToldOf) {
  std::vector<Job<int>> jobs;
  for (int i = 0; i < 3; ++i) {
    auto job = exec(leaving("alice"), echo_after, i);
    ASSERT_TRUE(job) << job.error().message;
    jobs.push_back(*std::move(job));
  }
  ASSERT_TRUE(own_administrator().run_script("update errand.directory set active = false"));
  start();
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const std::string path = share::job_path(jobs[i].id());
    ASSERT_TRUE(own_administrator().run_script("update errand.directory set active = true where path = '" +
                                               path + "'"));
    // Whoever asked for the job's status would wake the launchpad.
    EXPECT_TRUE(eventually([&] {
      auto rows = own_administrator().run("select active from errand.directory where path = '" + path + "'");
      return rows && rows->count() == 1 && !rows->truth(0, 0);
    }));
    auto results = jobs[i].results();
    ASSERT_TRUE(results) << results.error().message;
    EXPECT_EQ((*results)[0], static_cast<int>(i));
  }
}

/// bob has no right to alice's jobs, but anybody may notify anybody.
TEST_F(DatabaseServerLaunchpadTest, NotificationsFromAnybodyAreHarmless) {
  auto launchpad = start();
  auto job = exec(leaving("alice"), wait_for_file, 1, file("go"));
  ASSERT_TRUE(job) << job.error().message;
  ASSERT_TRUE(eventually([&] { return began("go", 1); }));
  const std::string channel = "errand_" + job->id().substr(job->id().size() - 26);
  Target target = target_as("bob");
  target.parameters["dbname"] = database_;
  auto bob = Connection::open(target);
  ASSERT_TRUE(bob) << bob.error().message;
  for (const std::string& text : {std::string("'x' || i"), "'" + job->id() + "'", std::string("'../../etc'"),
                                  std::string("repeat('y', 7000) || i"), std::string("''")}) {
    for (const std::string& heard : {std::string("errand_submit"), channel}) {
      auto sent = (*bob)->run_script("do $$ begin for i in 1 .. 1000 loop perform pg_notify('" + heard +
                                     "', " + text + "); end loop; end $$");
      ASSERT_TRUE(sent) << sent.error().message;
    }
  }
  let_go("go");
  ASSERT_TRUE(wait_for_job(*job));
  auto results = job->results();
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_EQ((*results)[0], 1);
  EXPECT_EQ(starts("go", 1), 1);
  auto next = exec(context_of("alice"), echo_after, 1);
  ASSERT_TRUE(next) << next.error().message;
  EXPECT_EQ(stop(launchpad), 0) << "it is the one that was started";
}

TEST_F(DatabaseServerLaunchpadTest, AJobOfARoleThatMayNotBeLentSaysWhyItWaits) {
  if (geteuid() != 0) GTEST_SKIP() << "needs the workers' users";
  ASSERT_TRUE(own_administrator().run_script("alter role bob createdb"));
  auto launchpad = start();
  ComputeContext context = context_of("bob");
  context.wait = false;
  auto job = exec(context, echo_after, 1);
  ASSERT_TRUE(job) << job.error().message;
  EXPECT_TRUE(eventually([&] { return log_of(launchpad).find("may not be lent") != std::string::npos; }));
  EXPECT_TRUE(eventually([&] {  // between two tries of the launchpad's
    auto status = get_job_status(*job);
    return status && status->status == JobStatus::queued &&
           status->reason.find("may not act as bob") != std::string::npos &&
           status->reason.find("createdb") != std::string::npos;
  }));
  // Nobody who may not have it has to agree.
  auto canceled = cancel_job(*job);
  auto status = wait_for_job(*job);
  ASSERT_TRUE(own_administrator().run_script("alter role bob nocreatedb"));
  ASSERT_TRUE(canceled) << canceled.error().message;
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(status->status, JobStatus::canceled) << status->reason;
}

TEST_F(DatabaseServerLaunchpadTest, TasksAreTheirSubmitterInTheDatabaseAndNobodyElse) {
  if (geteuid() != 0) GTEST_SKIP() << "needs the workers' users";
  start();
  for (const std::string role : {"alice", "bob"}) {
    auto job = exec(context_of(role), ask_database,
                    each(std::vector<std::string>{
                        "select current_user::text", "select session_user::text",
                        "select count(*)::text from errand.directory where owner <> current_user",
                        "set role errand_launchpad", role == "alice" ? "set role bob" : "set role alice"}));
    ASSERT_TRUE(job) << job.error().message;
    auto results = job->results();
    ASSERT_TRUE(results) << results.error().message;
    EXPECT_EQ((*results)[0], role);
    EXPECT_THAT((*results)[1], testing::StartsWith("errand_w"));
    EXPECT_EQ((*results)[2], "0");
    EXPECT_THAT((*results)[3], HasSubstr("permission denied"));
    EXPECT_THAT((*results)[4], HasSubstr("permission denied"));
  }
}

TEST_F(DatabaseServerLaunchpadTest, ARemovedJobEndsHereToo) {
  auto launchpad = start();
  ComputeContext context = leaving("alice");
  auto job = exec(context, wait_for_file, 2, file("never"));
  ASSERT_TRUE(job) << job.error().message;
  ASSERT_TRUE(eventually([&] { return began("never", 2); }));
  ASSERT_TRUE(
      own_administrator().run_script("delete from errand.directory where path = 'jobs/" + job->id() + "'"));
  ASSERT_TRUE(own_administrator().run_script("notify errand_submit, '" + job->id() + "'"));
  EXPECT_TRUE(eventually([&] {
    std::ifstream mark(file("never.started.2"));
    pid_t worker = 0;
    mark >> worker;
    return ::kill(worker, 0) != 0;
  }));
}

}  // namespace
}  // namespace errand::database
