// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "clusters/cluster_fixture.h"

/// Memory limits that a cluster enforces by cgroups. The cluster of ./test has none, so that everybody may
/// bring it up: this test has one of its own, where the machine lets it.
namespace errand::clusters {
namespace {

int use_memory(int megabytes) {
  std::vector<char> bytes(static_cast<std::size_t>(megabytes) << 20);
  std::memset(bytes.data(), 1, bytes.size());
  return bytes[bytes.size() / 2] + megabytes;
}
const Function<int, int> memory_job = function("use_memory", use_memory);

class SlurmClusterMemory : public ClusterTest {
 protected:
  SlurmClusterMemory() : ClusterTest("slurm") {
    if (const char* conf = ::getenv("SLURM_CONF")) before_ = conf;
  }
  ~SlurmClusterMemory() override {
    if (up_) shell("scancel --quiet --user=$(id -u)");
    if (before_) ::setenv("SLURM_CONF", before_->c_str(), 1);
    if (asked_) shell(script("slurm-down") + " " + file("limited"));
  }

  void SetUp() override {
    ASSERT_TRUE(before_) << "run ./test slurm: it knows that Slurm is installed";
    if (::geteuid() != 0) GTEST_SKIP() << "only root may make the cgroups that memory limits are";
    asked_ = true;
    const std::string said = shell("SLURM_CGROUP=1 SLURM_NODES=1 SLURM_CPUS=2 SLURM_PORT=17850 " +
                                   script("slurm-up") + " " + file("limited"));
    up_ = std::filesystem::exists(file("limited/env")) && said.find("slurm-up: up:") != std::string::npos;
    if (!up_) GTEST_SKIP() << "a Slurm with cgroups does not come up on this machine: " << said;
    ::setenv("SLURM_CONF", file("limited/slurm.conf").c_str(), 1);
    ASSERT_THAT(shell("scontrol show config"), HasSubstr("task/cgroup"));
  }

  static std::string script(const std::string& name) {
    return std::string(ERRAND_SOURCE_DIR) + "/tests/clusters/" + name;
  }

 private:
  std::optional<std::string> before_;
  bool asked_ = false;
  bool up_ = false;
};

TEST_F(SlurmClusterMemory, WhatRanOutOfMemoryIsRetriedWithMore) {
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

}  // namespace
}  // namespace errand::clusters
