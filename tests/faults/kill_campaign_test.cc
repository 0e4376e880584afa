// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <sys/wait.h>

#include "faults/campaign.h"

namespace errand::faults {
namespace {

using KillCampaign = Campaign;
using LongKillCampaign = Campaign;

std::uint64_t seed_or(std::uint64_t otherwise) {
  const char* set = std::getenv("ERRAND_FAULT_SEED");
  return set != nullptr ? std::strtoull(set, nullptr, 10) : otherwise;
}

TEST_F(KillCampaign, WhoeverIsKilledEveryJobEndsRight) {
  run(seed_or(1), std::chrono::seconds(15), 3);
}

TEST_F(LongKillCampaign, WhoeverIsKilledEveryJobEndsRight) {
  std::uint64_t seed =
      seed_or(static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count()));
  run(seed, std::chrono::seconds(200), 10);
}

using Killed = Faults;

TEST_F(Killed, AWorkersRecordedTasksAreNotRunAgain) {
  context.cores = 1;
  auto job = exec(context, counting_job, each(numbers(40)), path("count"));
  ASSERT_TRUE(job.ok());
  EXPECT_EQ(ended(*job).status, JobStatus::finished);
  EXPECT_EQ(read_file(path("count")).size(), 40U) << "nothing killed: each once";
  auto slow = exec(context, sleep_job, each(numbers(6)), 200);
  ASSERT_TRUE(eventually([&] { return status(*slow).progress.succeeded >= 3; }));
  auto before = slow->partial_results();
  for (pid_t worker : family_of(place_id()).workers) ::kill(worker, SIGKILL);
  EXPECT_EQ(ended(*slow).status, JobStatus::finished);
  expect_values(*slow, 6);
  auto after = slow->partial_results();
  ASSERT_TRUE(before.ok() && after.ok());
  for (std::size_t i = 0; i < before->size(); ++i) EXPECT_EQ((*after)[i].attempt, (*before)[i].attempt);
  expect_two_readers_agree(*slow);
}

TEST_F(Killed, AnAgentsWorkersFinishTheTaskInHandAndTheNextAgentCountsIt) {
  auto job = exec(context, sleep_job, each(numbers(2)), 1500);
  ASSERT_TRUE(eventually([&] { return status(*job).progress.running == 2; }));
  end_agents(SIGKILL);
  StatusReport report = status(*job);
  EXPECT_EQ(report.status, JobStatus::running) << report.reason;
  EXPECT_EQ(ended(*job).status, JobStatus::finished);
  expect_values(*job, 2);
  auto outcomes = job->partial_results();
  ASSERT_TRUE(outcomes.ok());
  for (const auto& outcome : *outcomes) EXPECT_EQ(outcome.attempt, 0U) << "not run twice";
  expect_only_idle_ones();
}

TEST_F(Killed, EverythingAtOnceAndTheNextStatusBringsItBack) {
  auto job = exec(context, sleep_job, each(numbers(20)), 50);
  ASSERT_TRUE(eventually([&] { return status(*job).progress.succeeded >= 2; }));
  end_agents(SIGKILL);
  for (const auto& [pid, process] : marked_processes(place_id())) ::kill(pid, SIGKILL);
  ASSERT_TRUE(agents().empty());
  StatusReport report = status(*job);
  EXPECT_EQ(report.status, JobStatus::running) << report.reason;
  EXPECT_GE(report.progress.succeeded, 2U) << "what was recorded stays";
  // Nothing but looking at it again.
  EXPECT_TRUE(eventually([&] { return status(*job).status == JobStatus::finished; })) << status(*job).reason;
  expect_values(*job, 20);
}

TEST_F(Killed, AWarmParentKilledBeforeItIsReadyIsStartedAgain) {
  context.cores = 1;
  std::filesystem::create_directory(path("deaths"));
  for (int i = 0; i < 4; ++i) write_file(path("deaths/") + std::to_string(i), "");
  context.environment = {"FAULTS_DIE_PER_FILE=" + path("deaths")};
  auto job = exec(context, value_job, each(numbers(100)));
  StatusReport report = ended(*job);
  EXPECT_EQ(report.status, JobStatus::finished) << report.reason;
  EXPECT_TRUE(std::filesystem::is_empty(path("deaths")));
  expect_values(*job, 100);
}

TEST_F(Killed, WarmParentsWhoseFirstJobWasRemovedAreReplaced) {
  auto first = exec(context, sleep_job, each(numbers(2)), 200);
  EXPECT_EQ(ended(*first).status, JobStatus::finished);
  ASSERT_EQ(cleanup_jobs({*first}, {true, {}})->removed.size(), 1U);
  auto job = exec(context, sleep_job, each(numbers(20)), 50);
  ASSERT_TRUE(eventually([&] { return status(*job).progress.running == 2; }));
  for (int round = 0; round < 2; ++round) {
    for (pid_t parent : family_of(place_id()).warm_parents) ::kill(parent, SIGKILL);
    std::this_thread::sleep_for(milliseconds(100));
  }
  StatusReport report = ended(*job);
  EXPECT_EQ(report.status, JobStatus::finished) << report.reason;
  expect_values(*job, 20);
}

TEST_F(Killed, AProgramThatNeverComesUpFailsItsTasksWithItsName) {
  context.cores = 1;
  std::filesystem::create_directory(path("deaths"));
  for (int i = 0; i < 100; ++i) write_file(path("deaths/") + std::to_string(i), "");
  context.environment = {"FAULTS_DIE_PER_FILE=" + path("deaths")};
  auto job = exec(context, value_job, each(numbers(3)));
  StatusReport report = ended(*job);
  EXPECT_EQ(report.status, JobStatus::failed);
  EXPECT_THAT(report.reason, ::testing::HasSubstr("killed by signal 9"));
  EXPECT_EQ(report.progress.failed, 3U);
}

TEST_F(Killed, AClientThatDiedBetweenPublishingAndRingingLosesNothing) {
  // The client can only die there if its agent does not come up by itself: one that cannot start.
  auto done =
      errand({"exec", "--", "/bin/true"}, [] { return ::setenv("ERRAND_COMMAND", "/bin/false", 1) == 0; });
  std::string id = done.out.substr(0, done.out.find_last_not_of('\n') + 1);
  ASSERT_EQ(id.rfind("rxJob_", 0), 0U) << done.out << done.err;
  EXPECT_TRUE(agents().empty());
  EXPECT_EQ(status(JobRef(id, share())).status, JobStatus::queued);
  EXPECT_EQ(ended(JobRef(id, share())).status, JobStatus::finished);
}

TEST_F(Killed, ACancelWhoseClientAndAgentDiedIsCompletedByTheNextVerb) {
  auto job = exec(context, sleep_job, each(numbers(2)), 60'000);
  ASSERT_TRUE(eventually([&] { return status(*job).progress.running == 2; }));
  for (pid_t agent : agents()) ::kill(agent, SIGSTOP);
  pid_t client = start_command({command(), "--share-dir", share(), "cancel", job->id()}, path("cancel"));
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(directory(*job) + "/request.1"); }));
  ::kill(client, SIGKILL);
  ::waitpid(client, nullptr, 0);
  StatusReport report = status(*job);
  EXPECT_EQ(report.status, JobStatus::running);
  EXPECT_THAT(report.reason, ::testing::HasSubstr("being canceled"));
  end_agents(SIGKILL);
  EXPECT_EQ(ended(*job).status, JobStatus::canceled);
  expect_only_idle_ones();
}

}  // namespace
}  // namespace errand::faults
