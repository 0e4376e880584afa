// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "errand/errand.h"

/// Jobs on the real Slurm that SLURM_CONF names; ERRAND_SLURM is its directory: `./test slurm` sets both.
namespace errand::clusters {

using std::chrono::milliseconds;

inline int wait_for_file(int i, std::string file) {
  std::ofstream(file + ".started." + std::to_string(i)) << current_task().attempt;
  while (!std::filesystem::exists(file)) std::this_thread::sleep_for(milliseconds(20));
  return i;
}
inline int echo(int i) {
  return i;
}
inline const Function<int, int, std::string> wait_job = function("wait_for_file", wait_for_file);
inline const Function<int, int> echo_job = function("echo", echo);

class SlurmCluster : public ::testing::Test {
 protected:
  SlurmCluster() {
    std::string pattern = (std::filesystem::temp_directory_path() / "errand-slurm-test-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    ::setenv("XDG_STATE_HOME", (root_ + "/state").c_str(), 1);
    ::setenv("XDG_CONFIG_HOME", (root_ + "/config").c_str(), 1);
    context.engine = "slurm";
    context.share_dir = root_ + "/share";
    context.wait = false;
    context.auto_cleanup = false;
  }
  ~SlurmCluster() override {
    shell("scancel --quiet --user=$(id -u)");
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }
  void SetUp() override {
    ASSERT_NE(::getenv("SLURM_CONF"), nullptr) << "run ./test slurm: it brings a cluster up";
  }

  static std::string shell(const std::string& command) {
    std::string out;
    std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
    for (int c = 0; (c = std::fgetc(pipe)) != EOF;) out.push_back(static_cast<char>(c));
    ::pclose(pipe);
    return out;
  }
  static bool eventually(const std::function<bool()>& condition) {
    for (int i = 0; i < 2400; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(milliseconds(50));
    }
    return false;
  }
  /// Slurm's ids of the job's elements in that state.
  static std::string slurm_id(const JobRef& job) {
    std::string id = shell("squeue --noheader --states=all --format=%F --name=" + job.id() + "-1 | head -1");
    return id.substr(0, id.find('\n'));
  }
  static StatusReport ended(const JobRef& job) {
    WaitOptions options;
    options.timeout = milliseconds(120'000);
    auto report = wait_for_job(job, options);
    EXPECT_TRUE(report.ok()) << (report ? "" : report.error().message);
    return report ? *report : StatusReport{};
  }
  /// The cluster's directory; empty where it is not known.
  static std::string cluster() {
    const char* directory = ::getenv("ERRAND_SLURM");
    return directory == nullptr ? "" : directory;
  }
  /// The process that a file of the cluster names; 0: none.
  static pid_t process(const std::string& pid_file) {
    pid_t pid = 0;
    std::ifstream(cluster() + "/run/" + pid_file) >> pid;
    return pid;
  }
  static bool gone(pid_t pid) {
    return eventually([pid] { return ::kill(pid, 0) != 0; });
  }
  /// A requeued element waits two minutes; this one does not.
  static StatusReport ended_at_once(const JobRef& job, const std::string& id) {
    eventually([&] {
      shell("scontrol update jobid=" + id + " starttime=now");
      return is_settled(job_status(job).status);
    });
    return ended(job);
  }
  static StatusReport job_status(const JobRef& job) {
    auto report = get_job_status(job);
    return report ? *report : StatusReport{};
  }
  [[nodiscard]] std::string file(const std::string& name) const { return root_ + "/" + name; }
  [[nodiscard]] bool started(int task) const {
    return std::filesystem::exists(file("go.started." + std::to_string(task)));
  }
  void let_go() const { std::ofstream(file("go")) << "x"; }

  ComputeContext context;

 private:
  std::string root_;
};

}  // namespace errand::clusters
