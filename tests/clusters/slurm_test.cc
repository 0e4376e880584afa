// SPDX-License-Identifier: Apache-2.0
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "clusters/cluster_fixture.h"

/// What happens to jobs on a real Slurm when somebody or something interferes. SLURM_CONF names the cluster
/// and ERRAND_CLUSTER its directory: `./test slurm` sets both.
namespace errand::clusters {
namespace {

class SlurmCluster : public ClusterTest {
 protected:
  SlurmCluster() : ClusterTest("slurm") {}
  ~SlurmCluster() override { shell("scancel --quiet --user=$(id -u)"); }
  void SetUp() override {
    ASSERT_NE(::getenv("SLURM_CONF"), nullptr) << "run ./test slurm: it brings a cluster up";
  }

  /// Until a node that has ended this job would take it again: it drains itself ("Duplicate jobid") while
  /// processes of the first start are left, and refuses ("already killed") in the second of its end.
  static void wait_until_startable_again(const std::string& id) {
    EXPECT_TRUE(eventually(
        [&] { return shell("grep -lsa 'slurmstepd: \\[" + id + "\\.' /proc/[0-9]*/cmdline").empty(); }));
    std::this_thread::sleep_for(milliseconds(2000));
  }
  /// Slurm's id of the job's array.
  static std::string slurm_id(const JobRef& job) {
    std::string id = shell("squeue --noheader --states=all --format=%F --name=" + job.id() + "-1 | head -1");
    return id.substr(0, id.find('\n'));
  }
};

TEST_F(SlurmCluster, AHeldJobIsBlockedAndGoesOnWhenReleased) {
  context.engine_options["extra"] = "--hold";
  auto job = exec(context, echo_job, each(std::vector<int>{1, 2}));
  ASSERT_TRUE(job.ok()) << job.error().message;
  StatusReport report;
  EXPECT_TRUE(eventually([&] {
    report = *job->status();
    return report.reason.find("blocked:") != std::string::npos;
  })) << report.reason;
  EXPECT_EQ(report.status, JobStatus::queued);
  EXPECT_THAT(report.reason, HasSubstr("JobHeldUser"));
  EXPECT_THAT(report.reason, HasSubstr("s ago"));
  shell("scontrol release " + slurm_id(*job));
  EXPECT_EQ(ended(*job).status, JobStatus::finished);
}

TEST_F(SlurmCluster, ScancelBehindOurBackIsAFailureWithThatReasonAndCanBeRetried) {
  auto job = exec(context, wait_job, each(std::vector<int>{0, 1}), file("go"));
  ASSERT_TRUE(job.ok()) << job.error().message;
  ASSERT_TRUE(eventually([&] { return started(0) && started(1); }));
  shell("scancel " + slurm_id(*job));
  StatusReport report = ended(*job);
  EXPECT_EQ(report.status, JobStatus::failed) << report.reason;
  EXPECT_THAT(report.reason, HasSubstr("CANCELLED"));
  let_go();
  ASSERT_TRUE(job->retry().ok());
  ASSERT_EQ(ended(*job).status, JobStatus::finished);
  EXPECT_EQ(job->results()->values(), (std::vector<int>{0, 1}));
}

TEST_F(SlurmCluster, ARequeueRunsTheLostTasksAgainUncounted) {
  context.lost_task_retries = 0;
  context.cores = 1;
  auto job = exec(context, wait_job, each(std::vector<int>{0, 1}), file("go"));
  ASSERT_TRUE(job.ok()) << job.error().message;
  ASSERT_TRUE(eventually([&] { return started(0); }));
  const std::string id = slurm_id(*job);
  shell("scontrol requeue " + id + "_0");
  wait_until_startable_again(id);
  let_go();
  EXPECT_TRUE(eventually([&] {
    shell("scontrol update jobid=" + id + "_0 starttime=now");
    return job->status()->status != JobStatus::running && job->status()->status != JobStatus::queued;
  }));
  StatusReport report = ended(*job);
  ASSERT_EQ(report.status, JobStatus::finished) << report.reason;
  EXPECT_EQ(job->results()->values(), (std::vector<int>{0, 1}));
}

TEST_F(SlurmCluster, ANodeThatIsLostCostsNothing) {
  context.lost_task_retries = 0;
  context.cores = 1;
  context.engine_options["nodelist"] = "n1";
  auto job = exec(context, wait_job, each(std::vector<int>{0, 1, 2}), file("go"));
  ASSERT_TRUE(job.ok()) << job.error().message;
  ASSERT_TRUE(eventually([&] { return started(0); }));
  const std::string id = slurm_id(*job);
  shell("scontrol update nodename=n1 state=down reason=test");
  wait_until_startable_again(id);
  shell("scontrol update nodename=n1 state=resume");
  let_go();
  EXPECT_TRUE(eventually([&] {
    shell("scontrol update jobid=" + id + "_0 starttime=now");
    return is_settled(job->status()->status);
  }));
  StatusReport report = ended(*job);
  ASSERT_EQ(report.status, JobStatus::finished) << report.reason;
  EXPECT_EQ(job->results()->values(), (std::vector<int>{0, 1, 2}));
}

TEST_F(SlurmCluster, TheWarningBeforeTheLimitHandsTheRestToAContinuation) {
  context.cores = 1;
  auto job = exec(context, wait_job, each(std::vector<int>{0, 1, 2}), file("go"));
  ASSERT_TRUE(job.ok()) << job.error().message;
  ASSERT_TRUE(eventually([&] { return started(0); }));
  const std::string id = slurm_id(*job);
  shell("scancel --batch --signal=USR1 " + id + "_0");
  std::this_thread::sleep_for(milliseconds(200));  // the signal is there before the task in hand ends
  let_go();
  ASSERT_TRUE(eventually([&] {
    return shell("squeue --noheader --states=PENDING --format=%r --jobs=" + id).find("BeginTime") !=
           std::string::npos;
  })) << shell("squeue --states=all");
  EXPECT_FALSE(started(1)) << "the warned worker has begun another task";
  EXPECT_EQ(job->status()->progress.succeeded, 1U);
  wait_until_startable_again(id);
  shell("scontrol update jobid=" + id + "_0 starttime=now");
  StatusReport report = ended(*job);
  ASSERT_EQ(report.status, JobStatus::finished) << report.reason;
  EXPECT_EQ(job->results()->values(), (std::vector<int>{0, 1, 2}));
}

TEST_F(SlurmCluster, ATaskThatTakesAWholeAllocationIsFailedNotTriedForEver) {
  context.cores = 1;
  auto job = exec(context, wait_job, each(std::vector<int>{0}), file("go"));
  ASSERT_TRUE(job.ok()) << job.error().message;
  ASSERT_TRUE(eventually([&] { return started(0); }));
  // Long enough for the start of the process to be a small part of the allocation.
  std::this_thread::sleep_for(milliseconds(4000));
  const std::string id = slurm_id(*job);
  shell("scancel --batch --signal=USR1 " + id + "_0");
  std::this_thread::sleep_for(milliseconds(1500));
  shell("scancel --batch --signal=TERM " + id + "_0");
  StatusReport report = ended(*job);
  EXPECT_EQ(report.status, JobStatus::failed) << report.reason;
  EXPECT_THAT(report.reason, HasSubstr("time limit of a whole allocation"));
}

TEST_F(SlurmCluster, AControllerThatIsDownIsUndeterminedAndEverythingWorksWhenItIsBack) {
  if (cluster().empty()) GTEST_SKIP() << "ERRAND_CLUSTER does not name the cluster's directory";
  context.engine_options["extra"] = "--hold";
  auto job = exec(context, echo_job, each(std::vector<int>{5}));
  ASSERT_TRUE(job.ok()) << job.error().message;
  const pid_t controller = daemon("run/slurmctld.pid");
  ASSERT_GT(controller, 1);
  ::kill(controller, SIGTERM);
  ASSERT_TRUE(eventually([&] { return ::kill(controller, 0) != 0; }));
  StatusReport report;
  EXPECT_TRUE(eventually([&] {
    report = *job->status();
    return report.status == JobStatus::undetermined;
  })) << report.reason;
  EXPECT_THAT(report.reason, HasSubstr("not answering (slurm)"));
  shell("PATH=$PATH:/usr/sbin slurmctld");
  EXPECT_TRUE(eventually([&] { return job->status()->status == JobStatus::queued; }));
  shell("scontrol release " + slurm_id(*job));
  EXPECT_EQ(ended(*job).status, JobStatus::finished);
}

TEST_F(SlurmCluster, ASubmissionThatTimedOutIsFoundByItsNameAndNotMadeTwice) {
  // An sbatch that hands the job over and then says what a lost answer looks like.
  const std::string sbatch = shell("command -v sbatch");
  stand_in("sbatch", sbatch.substr(0, sbatch.find('\n')) +
                         " \"$@\" >/dev/null\necho 'sbatch: error: Batch job submission failed: "
                         "Socket timed out on send/recv operation' >&2\nexit 1\n");
  auto job = exec(context, echo_job, each(std::vector<int>{1, 2, 3}));
  ASSERT_TRUE(job.ok()) << job.error().message;
  ASSERT_EQ(ended(*job).status, JobStatus::finished);
  EXPECT_EQ(job->results()->values(), (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(shell("squeue --noheader --array --states=all --format=%j | grep -c " + job->id()), "3\n");
}

TEST_F(SlurmCluster, WhatSlurmRefusesIsRefusedAtSubmissionAndLeavesNothing) {
  context.engine_options["partition"] = "nowhere";
  auto job = exec(context, echo_job, 1);
  ASSERT_FALSE(job.ok());
  EXPECT_EQ(job.error().code, ErrorCode::engine_refused);
  EXPECT_THAT(job.error().message, HasSubstr("partition"));
  EXPECT_TRUE(get_jobs(context)->empty());
  context.engine_options = {{"colour", "blue"}};
  auto unknown = exec(context, echo_job, 1);
  ASSERT_FALSE(unknown.ok());
  EXPECT_THAT(unknown.error().hint, HasSubstr("partition"));
}

TEST_F(SlurmCluster, ManyClientsAskSlurmOnceIn5Seconds) {
  context.engine_options["extra"] = "--hold";
  std::vector<JobRef> jobs;
  for (int i = 0; i < 20; ++i) jobs.push_back(*exec(context, echo_job, 1));
  auto asked = [] {
    std::uint64_t calls = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(std::string(::getenv("XDG_STATE_HOME")) + "/errand/scheduler")) {
      std::string word;
      if (entry.path().extension() != ".queue") continue;
      std::ifstream(entry.path()) >> word >> word >> word >> calls;
    }
    return calls;
  };
  const auto begin = std::chrono::steady_clock::now();
  (void)get_job_status(jobs[0]);
  const std::uint64_t before = asked();
  std::vector<std::thread> clients;
  for (int client = 0; client < 10; ++client) {
    clients.emplace_back([&jobs] {
      for (int round = 0; round < 5; ++round) {
        for (const JobRef& job : jobs) (void)get_job_status(job);
        std::this_thread::sleep_for(milliseconds(200));
      }
    });
  }
  for (auto& client : clients) client.join();
  const auto elapsed =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - begin);
  EXPECT_LE(asked() - before, static_cast<std::uint64_t>(elapsed.count() / 5 + 1));
}

}  // namespace
}  // namespace errand::clusters
