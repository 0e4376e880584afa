// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "conformance/database_host.h"
#include "conformance/functions.h"
#include "errand/errand.h"

namespace errand::conformance {

using std::chrono::milliseconds;

/// What every engine must do, through the public API alone. The parameter is the engine's name.
class Conformance : public ::testing::TestWithParam<std::string> {
 protected:
  Conformance() {
    std::string pattern = (std::filesystem::temp_directory_path() / "errand-conformance-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    ::setenv("XDG_STATE_HOME", (root_ + "/state").c_str(), 1);
    ::setenv("XDG_CONFIG_HOME", (root_ + "/config").c_str(), 1);
    ::setenv("ERRAND_SHARE_DIR", (root_ + "/share").c_str(), 1);
    context.engine = GetParam();
    context.share_dir = root_ + "/share";
    context.wait = false;
    context.auto_cleanup = false;
    context.cores = 2;
    if (context.engine == "lsf") put_fake_lsf_into_path();
    if (context.engine == "database" && DatabaseHost::is_available()) enter_database();
  }
  void SetUp() override {
    if (context.engine != "database") return;
    if (!database_) GTEST_SKIP() << "no database: ./test database brings one up";
    const std::string suite = ::testing::UnitTest::GetInstance()->current_test_info()->test_suite_name();
    if (suite.ends_with("Language") && !DatabaseHost::can_run_test_programs()) {
      GTEST_SKIP() << "the users that tasks run as may not enter the folder of the test programs";
    }
  }
  ~Conformance() override {
    for (pid_t agent : agents()) ::kill(agent, SIGTERM);
    ::setenv("PATH", path_.c_str(), 1);
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

  /// The agents of this test's place.
  [[nodiscard]] std::vector<pid_t> agents() const {
    std::vector<pid_t> pids;
    std::error_code none;
    const std::string place = database_ ? database_->scratch_place() : root_ + "/share";
    for (const auto& world : std::filesystem::directory_iterator(place + "/agents", none)) {
      pid_t pid = 0;
      if (std::ifstream(world.path() / "info") >> pid && pid > 1) pids.push_back(pid);
    }
    return pids;
  }

  [[nodiscard]] std::string path(const std::string& name) const { return root_ + "/" + name; }
  [[nodiscard]] std::string directory(const JobRef& job) const {
    return context.share_dir + "/jobs/" + job.id();
  }
  [[nodiscard]] bool exists(const JobRef& job) const {
    return database_ ? database_->has("jobs/" + job.id()) : std::filesystem::exists(directory(job));
  }
  [[nodiscard]] std::size_t entries(const std::string& folder) const {
    if (database_) return database_->entries(folder);
    std::error_code none;
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(root_ + "/share/" + folder, none)) {
      count += entry.path().empty() ? 0 : 1;
    }
    return count;
  }

  /// Waits for the job's end; a job that does not end within a minute has failed the test.
  static StatusReport ended(const JobRef& job) {
    WaitOptions options;
    options.timeout = milliseconds(60'000);
    auto report = wait_for_job(job, options);
    EXPECT_TRUE(report.ok()) << report.error().message;
    return report ? *report : StatusReport{};
  }

  /// Waits until `condition` holds, at most a minute.
  static bool eventually(const std::function<bool()>& condition) {
    for (int i = 0; i < 6000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(milliseconds(10));
    }
    return false;
  }

  static std::vector<int> numbers(int count) {
    std::vector<int> all;
    for (int i = 0; i < count; ++i) all.push_back(i);
    return all;
  }

  ComputeContext context;

 private:
  /// A program that speaks LSF's dialect (tests/programs/fake_lsf.cc). It ends when the directory is gone.
  void put_fake_lsf_into_path() const {
    std::filesystem::create_directories(root_ + "/bin");
    for (const char* name : {"bsub", "bjobs", "bkill", "bresume", "bhist", "bparams"}) {
      std::filesystem::create_symlink(ERRAND_BINARY_DIR "/tests/programs/fake_lsf", root_ + "/bin/" + name);
    }
    ::setenv("PATH", (root_ + "/bin:" + path_).c_str(), 1);
    ::setenv("FAKE_LSF_DIR", (root_ + "/lsf").c_str(), 1);
  }

  /// The tasks run as other users: they have to find and to leave files here.
  void enter_database() {
    std::filesystem::permissions(root_, std::filesystem::perms::all | std::filesystem::perms::sticky_bit);
    database_ = std::make_unique<DatabaseHost>(root_);
    context.share_dir = database_->context().share_dir;
    ::setenv("ERRAND_SHARE_DIR", context.share_dir.c_str(), 1);
  }

  std::string root_;
  std::unique_ptr<DatabaseHost> database_;
  std::string path_ = ::getenv("PATH") == nullptr ? "" : ::getenv("PATH");
};

/// The suites of engines that need a scheduler run by themselves: `./test slurm`, `./test gridengine`,
/// `./test database`. There is no LSF to be had; its commands are played.
#define ERRAND_FOR_EVERY_ENGINE(suite)                                          \
  INSTANTIATE_TEST_SUITE_P(Engine, suite, ::testing::Values("local"));          \
  INSTANTIATE_TEST_SUITE_P(Slurm, suite, ::testing::Values("slurm"));           \
  INSTANTIATE_TEST_SUITE_P(GridEngine, suite, ::testing::Values("gridengine")); \
  INSTANTIATE_TEST_SUITE_P(FakeLsf, suite, ::testing::Values("lsf"));           \
  INSTANTIATE_TEST_SUITE_P(Database, suite, ::testing::Values("database"))

inline bool is_running(pid_t pid) {
  if (::kill(pid, 0) != 0) return false;
  std::string name;
  std::string state;
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  stat >> pid >> name >> state;
  return state != "Z";
}

}  // namespace errand::conformance
