// SPDX-License-Identifier: Apache-2.0
#include <sys/mount.h>

#include "clusters/slurm_fixture.h"

/// What happens to jobs on a real Slurm when something breaks.
namespace errand::clusters {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

std::string large_value(int i, std::string file) {
  wait_for_file(i, std::move(file));
  return std::string(4U << 20, static_cast<char>('a' + i));
}
int die_once(int i) {
  if (current_task().attempt == 1) ::kill(::getpid(), SIGKILL);
  return i;
}
const Function<std::string, int, std::string> large_job = function("large_value", large_value);
const Function<int, int> dying_job = function("die_once", die_once);

class SlurmFaults : public SlurmCluster {
 protected:
  void SetUp() override {
    SlurmCluster::SetUp();
    if (cluster().empty()) GTEST_SKIP() << "ERRAND_SLURM does not name the cluster's directory";
  }
  /// Puts a squeue of this text before the real one.
  void answer_with(const std::string& text, int code) const {
    std::filesystem::create_directories(file("bin"));
    std::ofstream(file("bin/answer")) << text;
    std::ofstream(file("bin/squeue"))
        << "#!/bin/sh\ncat '" << file("bin/answer") << "'\nexit " << code << "\n";
    std::filesystem::permissions(file("bin/squeue"), std::filesystem::perms::owner_all);
  }
  static void start_slurmd(const std::string& node) { shell("PATH=$PATH:/usr/sbin slurmd -N " + node); }
};

TEST_F(SlurmFaults, AHeldJobIsReleasedByItsName) {
  context.engine_options["hold"] = "true";
  auto job = exec(context, echo_job, each(std::vector<int>{1, 2}));
  ASSERT_TRUE(job.ok()) << job.error().message;
  EXPECT_TRUE(eventually([&] { return job_status(*job).reason.find("JobHeldUser") != std::string::npos; }));
  EXPECT_EQ(job_status(*job).status, JobStatus::queued);
  EXPECT_EQ(shell("scontrol release jobname=" + job->id() + "-1"), "");
  EXPECT_EQ(ended(*job).status, JobStatus::finished);
}

TEST_F(SlurmFaults, AQueueThatAnswersNonsenseIsUndeterminedAndTheReasonShowsTheText) {
  context.engine_options["hold"] = "true";
  auto job = exec(context, echo_job, each(std::vector<int>{1}));
  ASSERT_TRUE(job.ok()) << job.error().message;
  const std::string name = job->id() + "-1";
  const std::string path = ::getenv("PATH");
  ::setenv("PATH", (file("bin") + ":" + path).c_str(), 1);
  const std::vector<std::pair<std::string, std::string>> answers{
      {"Die Warteschlange ist gerade nicht erreichbar\n", "Die Warteschlange"},
      {"12|0|PENDI", "12|0|PENDI"},
      {"12|0|PENDING|N/A|" + name + "|None\n12|\xff\xfe\n", "12|"}};
  for (const auto& [text, shown] : answers) {
    answer_with(text, 0);
    EXPECT_TRUE(eventually([&, shown = shown] {
      const StatusReport report = job_status(*job);
      return report.status == JobStatus::undetermined && report.reason.find(shown) != std::string::npos;
    })) << text
        << job_status(*job).reason;
  }
  answer_with("squeue: Fehler: Kontrolleinheit antwortet nicht\n", 1);
  EXPECT_TRUE(eventually([&] {
    return job_status(*job).reason.find("Kontrolleinheit") != std::string::npos;
  })) << job_status(*job).reason;
  ::setenv("PATH", path.c_str(), 1);
  EXPECT_TRUE(eventually([&] { return job_status(*job).status == JobStatus::queued; }));
  shell("scontrol release jobname=" + name);
  EXPECT_EQ(ended(*job).status, JobStatus::finished);
}

TEST_F(SlurmFaults, AJobThatSlurmHasForgottenIsFinishedIfItsOutcomesAreThere) {
  shell("sed -i 's/^MinJobAge=.*/MinJobAge=2/' $SLURM_CONF; scontrol reconfigure");
  auto whole = exec(context, echo_job, each(std::vector<int>{1, 2, 3}));
  auto cut = exec(context, wait_job, each(std::vector<int>{0}), file("go"));
  ASSERT_TRUE(whole.ok() && cut.ok());
  ASSERT_TRUE(eventually([&] { return started(0); }));
  shell("scancel " + slurm_id(*cut));
  // Nobody asks errand until Slurm knows neither.
  EXPECT_TRUE(eventually([&] {
    return shell("squeue --noheader --states=all --format=%j | grep -c rxJob_") == "0\n";
  })) << shell("squeue --states=all");
  EXPECT_EQ(ended(*whole).status, JobStatus::finished);
  EXPECT_EQ(whole->results()->values(), (std::vector<int>{1, 2, 3}));
  StatusReport report;
  EXPECT_TRUE(eventually([&] {
    report = job_status(*cut);
    return report.status == JobStatus::undetermined || report.status == JobStatus::failed;
  }));
  const bool has_accounting = shell("sacct --noheader").find("disabled") == std::string::npos;
  EXPECT_EQ(report.status, has_accounting ? JobStatus::failed : JobStatus::undetermined) << report.reason;
  shell("sed -i 's/^MinJobAge=.*/MinJobAge=300/' $SLURM_CONF; scontrol reconfigure");
}

TEST_F(SlurmFaults, DrainedNodesAreTheReasonAndWhatRunsThereGoesOn) {
  auto running = exec(context, wait_job, each(std::vector<int>{0}), file("go"));
  ASSERT_TRUE(running.ok());
  ASSERT_TRUE(eventually([&] { return started(0); }));
  shell("scontrol update nodename=n1,n2 state=drain reason=maintenance");
  auto waiting = exec(context, echo_job, each(std::vector<int>{7}));
  ASSERT_TRUE(waiting.ok());
  EXPECT_TRUE(eventually([&] {
    const std::string reason = job_status(*waiting).reason;
    return reason.find("drained") != std::string::npos || reason.find("Resources") != std::string::npos;
  })) << job_status(*waiting).reason;
  EXPECT_EQ(job_status(*waiting).status, JobStatus::queued);
  EXPECT_EQ(job_status(*running).status, JobStatus::running);
  let_go();
  EXPECT_EQ(ended(*running).status, JobStatus::finished);
  shell("scontrol update nodename=n1,n2 state=resume");
  EXPECT_EQ(ended(*waiting).status, JobStatus::finished);
}

TEST_F(SlurmFaults, AKilledSlurmdLosesNothingWhenItComesBack) {
  context.engine_options["nodelist"] = "n1";
  auto job = exec(context, wait_job, each(std::vector<int>{0, 1}), file("go"));
  ASSERT_TRUE(job.ok());
  ASSERT_TRUE(eventually([&] { return started(0) && started(1); }));
  const pid_t daemon = process("slurmd-n1.pid");
  ASSERT_GT(daemon, 1);
  ::kill(daemon, SIGKILL);
  ASSERT_TRUE(gone(daemon));
  start_slurmd("n1");
  let_go();
  StatusReport report = ended(*job);
  ASSERT_EQ(report.status, JobStatus::finished) << report.reason;
  EXPECT_EQ(job->results()->values(), (std::vector<int>{0, 1}));
}

TEST_F(SlurmFaults, TasksOfANodeWhoseSlurmdIsDeadRunElsewhereAndNothingCountsTwice) {
  context.lost_task_retries = 0;
  context.cores = 1;
  auto job = exec(context, wait_job, each(std::vector<int>{0, 1, 2}), file("go"));
  ASSERT_TRUE(job.ok());
  ASSERT_TRUE(eventually([&] { return started(0); }));
  const std::string id = slurm_id(*job);
  std::string node = shell("squeue --noheader --format=%N --jobs=" + id);
  node = node.substr(0, node.find('\n'));
  const pid_t daemon = process("slurmd-" + node + ".pid");
  ASSERT_GT(daemon, 1) << node;
  ::kill(daemon, SIGKILL);
  ASSERT_TRUE(gone(daemon));
  // As after SlurmdTimeout. The element's own processes are still there, and go on.
  shell("scontrol update nodename=" + node + " state=down reason=test");
  let_go();
  StatusReport report = ended_at_once(*job, id + "_0");
  start_slurmd(node);
  shell("scontrol update nodename=" + node + " state=resume");
  ASSERT_EQ(report.status, JobStatus::finished) << report.reason;
  EXPECT_EQ(report.progress.succeeded, 3U);
  EXPECT_EQ(job->results()->values(), (std::vector<int>{0, 1, 2}));
}

TEST_F(SlurmFaults, AKilledControllerThatComesBackWithItsStateLosesNothing) {
  auto job = exec(context, wait_job, each(std::vector<int>{0, 1}), file("go"));
  ASSERT_TRUE(job.ok());
  ASSERT_TRUE(eventually([&] { return started(0) && started(1); }));
  // What it has not saved yet it forgets: it saves every few seconds.
  std::this_thread::sleep_for(milliseconds(7000));
  const pid_t controller = process("slurmctld.pid");
  ASSERT_GT(controller, 1);
  ::kill(controller, SIGKILL);
  ASSERT_TRUE(gone(controller));
  EXPECT_TRUE(eventually([&] { return job_status(*job).status == JobStatus::running; }))
      << "its workers live: " << job_status(*job).reason;
  let_go();
  EXPECT_TRUE(eventually([&] { return job_status(*job).status == JobStatus::finished; }))
      << "results on disk need no controller: " << job_status(*job).reason;
  shell("PATH=$PATH:/usr/sbin slurmctld");
  EXPECT_TRUE(eventually([] { return shell("scontrol ping").find("UP") != std::string::npos; }));
  EXPECT_EQ(job->results()->values(), (std::vector<int>{0, 1}));
}

TEST_F(SlurmFaults, AWorkerThatIsKilledIsStartedAgainInItsElement) {
  context.cores = 2;
  auto job = exec(context, dying_job, each(std::vector<int>{0, 1, 2, 3}));
  ASSERT_TRUE(job.ok());
  StatusReport report = ended(*job);
  ASSERT_EQ(report.status, JobStatus::finished) << report.reason;
  EXPECT_EQ(job->results()->values(), (std::vector<int>{0, 1, 2, 3}));
}

TEST_F(SlurmFaults, AFullShareDirectoryIsWaitedOutAndNoResultIsLost) {
  std::filesystem::create_directories(context.share_dir);
  if (::mount("none", context.share_dir.c_str(), "tmpfs", 0, "size=300m,mode=0700") != 0) {
    GTEST_SKIP() << "only root can make a file system that is full";
  }
  context.cores = 1;  // the program's copy and a value fit, the ballast takes the rest
  auto job = exec(context, large_job, each(std::vector<int>{0, 1}), file("go"));
  ASSERT_TRUE(job.ok()) << job.error().message;
  EXPECT_TRUE(eventually([&] { return started(0); }));
  shell("dd if=/dev/zero of=" + context.share_dir + "/ballast bs=64k count=4800");
  let_go();
  std::this_thread::sleep_for(milliseconds(1500));
  EXPECT_THAT(job_status(*job).status, AnyOf(JobStatus::running, JobStatus::queued));
  std::filesystem::remove(context.share_dir + "/ballast");
  StatusReport report = ended(*job);
  EXPECT_EQ(report.status, JobStatus::finished) << report.reason;
  if (auto results = job->results()) {
    EXPECT_EQ((*results)[0], std::string(4U << 20, 'a'));
    EXPECT_EQ((*results)[1], std::string(4U << 20, 'b'));
  }
  shell("scancel --quiet --user=$(id -u)");
  ::umount2(context.share_dir.c_str(), MNT_DETACH);
}

TEST_F(SlurmFaults, OnlyTheNamedNodesAreUsed) {
  context.engine_options["nodes"] = "N2";
  auto job = exec_program(context, {"/bin/sh", "-c", "echo $SLURMD_NODENAME"}, [] {
    ExecOptions options;
    options.times = 4;
    return options;
  }());
  ASSERT_TRUE(job.ok()) << job.error().message;
  ASSERT_EQ(ended(*job).status, JobStatus::finished);
  EXPECT_EQ(*job->output(), "n2\nn2\nn2\nn2\n");
  context.engine_options["nodes"] = "n7";
  auto refused = exec(context, echo_job, 1);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message, HasSubstr("n7"));
  EXPECT_THAT(refused.error().hint, HasSubstr("n1,n2"));
}

}  // namespace
}  // namespace errand::clusters
