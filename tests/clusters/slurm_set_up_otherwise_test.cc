// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "clusters/cluster_fixture.h"

/// What the cluster of ./test is not set up for: each test brings a small one up for itself, and takes it
/// down.
namespace errand::clusters {
namespace {

int use_memory(int megabytes) {
  std::vector<char> bytes(static_cast<std::size_t>(megabytes) << 20);
  std::memset(bytes.data(), 1, bytes.size());
  return bytes[bytes.size() / 2] + megabytes;
}
const Function<int, int> memory_job = function("use_memory", use_memory);

class OwnSlurm : public ClusterTest {
 protected:
  OwnSlurm() : ClusterTest("slurm") {
    if (const char* conf = ::getenv("SLURM_CONF")) before_ = conf;
  }
  ~OwnSlurm() override {
    if (asked_) shell(script("slurm-down") + " " + file("own"));
    if (before_) ::setenv("SLURM_CONF", before_->c_str(), 1);
  }
  void SetUp() override { ASSERT_TRUE(before_) << "run ./test slurm: it sees to Slurm's packages"; }

  /// `settings`: variables of slurm-up. Empty: it is up; else what slurm-up said.
  std::string bring_up(std::map<std::string, std::string> settings) {
    asked_ = true;
    settings.merge(std::map<std::string, std::string>{
        {"SLURM_NODES", "1"}, {"SLURM_CPUS", "2"}, {"SLURM_PORT", "17850"}});
    for (const auto& [name, value] : settings) ::setenv(name.c_str(), value.c_str(), 1);
    const std::string said = shell(script("slurm-up") + " " + file("own"));
    for (const auto& [name, value] : settings) ::unsetenv(name.c_str());
    ::setenv("SLURM_CONF", file("own/slurm.conf").c_str(), 1);
    return said.find("slurm-up: up:") != std::string::npos ? "" : said;
  }

 private:
  static std::string script(const std::string& name) {
    return std::string(ERRAND_SOURCE_DIR) + "/tests/clusters/" + name;
  }

  std::optional<std::string> before_;
  bool asked_ = false;
};

using SlurmClusterMemory = OwnSlurm;

TEST_F(SlurmClusterMemory, WhatRanOutOfMemoryIsRetriedWithMore) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may make the cgroups that memory limits are";
  if (const std::string said = bring_up({{"SLURM_CGROUP", "1"}}); !said.empty()) {
    GTEST_SKIP() << "a Slurm with cgroups does not come up on this machine: " << said;
  }
  context.lost_task_retries = 0;
  context.engine_options["memory"] = "150M";
  context.engine_options["memory_retry"] = "4";
  auto job = exec(context, memory_job, each(std::vector<int>{1, 300}));
  ASSERT_TRUE(job.ok()) << job.error().message;
  StatusReport report = ended(*job);
  EXPECT_EQ(report.status, JobStatus::finished) << "the small task has its value: " << report.reason;
  EXPECT_EQ(report.progress.failed, 1U);
  EXPECT_THAT(report.reason, HasSubstr("out of memory"));
  auto retried = job->retry();
  ASSERT_TRUE(retried.ok()) << retried.error().message;
  report = ended(*job);
  EXPECT_EQ(report.status, JobStatus::finished) << report.reason;
  EXPECT_EQ(report.progress.failed, 0U) << report.reason;
  EXPECT_EQ((*job->results())[1], 301);
  EXPECT_THAT(shell("scontrol show job"), HasSubstr("MinMemoryNode=600M"));
}

using SlurmClusterPreemption = OwnSlurm;

TEST_F(SlurmClusterPreemption, WhatWasDisplacedIsRunAgainUncounted) {
  ASSERT_EQ(bring_up({{"SLURM_EXTRA_CONF",
                       "PreemptType=preempt/partition_prio\nPreemptMode=REQUEUE\n"
                       "PartitionName=urgent Nodes=ALL PriorityTier=100 PreemptMode=OFF State=UP"}}),
            "");
  context.lost_task_retries = 0;
  context.cores = 1;
  auto job = exec(context, wait_job, each(std::vector<int>{0, 1}), file("go"));
  ASSERT_TRUE(job.ok()) << job.error().message;
  ASSERT_TRUE(eventually([&] { return started(0); }));
  shell(
      "sbatch --parsable --job-name=urgent --partition=urgent --exclusive --output=/dev/null --wrap 'sleep "
      "3'");
  StatusReport report;
  EXPECT_TRUE(eventually([&] {
    return shell("squeue --noheader --name=urgent --states=R").find("urgent") != std::string::npos;
  })) << shell("squeue");
  EXPECT_TRUE(eventually([&] {
    report = *job->status();
    return report.progress.running == 0;
  })) << report.reason;
  EXPECT_FALSE(is_settled(report.status)) << report.reason;
  let_go();
  EXPECT_TRUE(eventually([&] {
    shell("scontrol update jobname=" + job->id() + "-1 starttime=now");
    return is_settled(job->status()->status);
  }));
  report = ended(*job);
  EXPECT_EQ(report.status, JobStatus::finished) << report.reason;
  EXPECT_EQ(job->results()->values(), (std::vector<int>{0, 1}));
}

using SlurmClusterAccounting = OwnSlurm;

TEST_F(SlurmClusterAccounting, WhatSlurmHasForgottenIsLookedUpThere) {
  for (const char* program : {"slurmdbd", "mariadbd"}) {
    if (shell(std::string("PATH=$PATH:/usr/sbin command -v ") + program).empty()) {
      GTEST_SKIP() << program << " is not installed: tools/install_packages slurm_accounting";
    }
  }
  ASSERT_EQ(bring_up({{"SLURM_DBD", "1"}, {"SLURM_MINJOBAGE", "2"}}), "");
  auto job = exec(context, wait_job, each(std::vector<int>{0, 1}), file("go"));
  ASSERT_TRUE(job.ok()) << job.error().message;
  ASSERT_TRUE(eventually([&] { return started(0) && started(1); }));
  shell("scancel --name=" + job->id() + "-1");
  // Nobody asks errand until the queue does not know it any more.
  EXPECT_TRUE(eventually([&] {
    return shell("squeue --noheader --states=all --format=%j").find("rxJob_") == std::string::npos;
  })) << shell("squeue --states=all");
  StatusReport report;
  EXPECT_TRUE(eventually([&] {
    report = *job->status();
    return report.status == JobStatus::failed;
  })) << report.reason;
  EXPECT_THAT(report.reason, HasSubstr("CANCELLED"));
  EXPECT_THAT(report.reason, HasSubstr("2 of 2 tasks not done, retry runs them"));
}

}  // namespace
}  // namespace errand::clusters
