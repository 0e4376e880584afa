// SPDX-License-Identifier: Apache-2.0
// How much of the host a job may use: tasks at once, memory and time, as the job and its launchpad say.
#include <algorithm>
#include <fstream>

#include "launchpad_fixture.h"

namespace errand::database {
namespace {

struct AtOnce {
  int wanted;    ///< the job's cores: num_tasks of RxInSqlServer
  int workers;   ///< the launchpad's
  int expected;  ///< the smaller
};

class DatabaseServerLimitsTest : public LaunchpadFixture {
 protected:
  Running start_with(const std::vector<std::string>& more) {
    Target target = target_as("launchpad");
    Running running;
    running.scratch = file("limits" + std::to_string(++number_));
    running.log = running.scratch + ".log";
    std::vector<std::string> words{"--database",
                                   "host='" + target.parameters["host"] +
                                       "' port=" + target.parameters["port"] +
                                       " user=errand_launchpad dbname=" + database_,
                                   "--scratch", running.scratch};
    if (geteuid() != 0) words.insert(words.end(), {"--role", "alice"});
    words.insert(words.end(), more.begin(), more.end());
    serve(running, words);
    return running;
  }

  /// Of a log with a line for each begin (+) and each end (-): the most between them.
  static int most_at_once(const std::string& log) {
    int now = 0;
    int most = 0;
    std::ifstream lines(log);
    for (std::string line; std::getline(lines, line);) {
      now += line == "+" ? 1 : -1;
      most = std::max(most, now);
    }
    return most;
  }
  static void expect_it_ran_out_of_time(const Result<Job<ProgramResult>>& job) {
    ASSERT_TRUE(job) << job.error().message;
    auto ended = wait_for_job(*job);
    ASSERT_TRUE(ended) << ended.error().message;
    EXPECT_EQ(ended->status, JobStatus::failed);
    EXPECT_THAT(ended->reason, testing::HasSubstr("its time limit of 300 ms"));
  }

 private:
  int number_ = 0;
};

/// A task ends when as many have begun as are to run at once, and stays a while yet, so that one too many
/// would be seen.
TEST_F(DatabaseServerLimitsTest, TasksRunAtOnceAsManyAsTheJobWantsAndTheLaunchpadHas) {
  for (const AtOnce& numbers : {AtOnce{2, 4, 2}, AtOnce{4, 2, 2}, AtOnce{1, 4, 1}}) {
    auto launchpad = start_with({"--workers", std::to_string(numbers.workers)});
    const std::string log = file("log" + std::to_string(numbers.wanted));
    std::ofstream(log).close();
    chmod(log.c_str(), 0666);
    ComputeContext context = leaving("alice");
    context.cores = numbers.wanted;
    ExecOptions eight;
    eight.times = 8;
    auto job = exec_program(
        context,
        {"/bin/sh", "-c",
         "echo + >>" + log + "; while [ $(grep -c + " + log + ") -lt " + std::to_string(numbers.expected) +
             " ]; do sleep 0.02; done; sleep 0.1; echo - >>" + log},
        eight);
    ASSERT_TRUE(job) << job.error().message;
    auto ended = wait_for_job(*job);
    ASSERT_TRUE(ended) << ended.error().message;
    EXPECT_EQ(ended->progress.succeeded, 8);
    EXPECT_EQ(most_at_once(log), numbers.expected) << numbers.wanted << " of " << numbers.workers;
    stop(launchpad);
  }
}

TEST_F(DatabaseServerLimitsTest, TheLaunchpadsTimeLimitEndsATaskThatNamesNone) {
  start_with({"--workers", "1", "--time-limit", "0.3s"});
  expect_it_ran_out_of_time(exec_program(leaving("alice"), {"/bin/sleep", "600"}));
}

TEST_F(DatabaseServerLimitsTest, AJobMayNotGiveItselfMoreTime) {
  start_with({"--workers", "1", "--time-limit", "0.3s"});
  ComputeContext context = leaving("alice");
  context.task_time_limit = std::chrono::hours(1);
  expect_it_ran_out_of_time(exec_program(context, {"/bin/sleep", "600"}));
}

TEST_F(DatabaseServerLimitsTest, TheLaunchpadsMemoryLimitHoldsWhateverTheJobSays) {
  start_with({"--workers", "1", "--memory", "256MiB"});
  ComputeContext context = leaving("alice");
  context.task_memory_limit = std::uint64_t{8} << 30;
  auto job = exec(context, large_value, each(std::vector<int>{800'000'000, 1000}));
  ASSERT_TRUE(job) << job.error().message;
  ASSERT_TRUE(wait_for_job(*job));
  auto results = job->results();
  ASSERT_TRUE(results) << results.error().message;
  ASSERT_TRUE(results->failure(0));
  EXPECT_EQ(results->failure(0)->cause, FailureCause::memory_limit) << results->failure(0)->message;
  EXPECT_EQ((*results)[1].size(), 1000u);
}

}  // namespace
}  // namespace errand::database
