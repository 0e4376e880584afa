// SPDX-License-Identifier: Apache-2.0
#include "clusters/cluster_fixture.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

namespace errand::clusters {
namespace {

int wait_for_file(int i, std::string file) {
  std::ofstream(file + ".started." + std::to_string(i)) << current_task().attempt;
  while (!std::filesystem::exists(file)) std::this_thread::sleep_for(milliseconds(20));
  return i;
}
int echo(int i) {
  return i;
}

}  // namespace

const Function<int, int, std::string> wait_job = function("wait_for_file", wait_for_file);
const Function<int, int> echo_job = function("echo", echo);

ClusterTest::ClusterTest(const std::string& engine)
    : path_(::getenv("PATH") == nullptr ? "" : ::getenv("PATH")) {
  std::string pattern = (std::filesystem::temp_directory_path() / "errand-cluster-test-XXXXXX").string();
  root_ = ::mkdtemp(pattern.data());
  ::setenv("XDG_STATE_HOME", (root_ + "/state").c_str(), 1);
  ::setenv("XDG_CONFIG_HOME", (root_ + "/config").c_str(), 1);
  context.engine = engine;
  context.share_dir = root_ + "/share";
  context.wait = false;
  context.auto_cleanup = false;
}

ClusterTest::~ClusterTest() {
  ::setenv("PATH", path_.c_str(), 1);
  std::error_code ignored;
  std::filesystem::remove_all(root_, ignored);
}

std::string ClusterTest::shell(const std::string& command) {
  std::string out;
  std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  for (int c = 0; (c = std::fgetc(pipe)) != EOF;) out.push_back(static_cast<char>(c));
  ::pclose(pipe);
  return out;
}

bool ClusterTest::eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 2400; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(milliseconds(50));
  }
  return false;
}

StatusReport ClusterTest::ended(const JobRef& job) {
  WaitOptions options;
  options.timeout = milliseconds(120'000);
  auto report = wait_for_job(job, options);
  EXPECT_TRUE(report.ok()) << (report ? "" : report.error().message);
  return report ? *report : StatusReport{};
}

std::string ClusterTest::cluster() {
  const char* directory = ::getenv("ERRAND_CLUSTER");
  return directory == nullptr ? "" : directory;
}

pid_t ClusterTest::daemon(const std::string& pid_file) {
  pid_t pid = 0;
  std::ifstream(cluster() + "/" + pid_file) >> pid;
  return pid;
}

bool ClusterTest::started(int task) const {
  return std::filesystem::exists(file("go.started." + std::to_string(task)));
}

void ClusterTest::let_go() const {
  std::ofstream(file("go")) << "x";
}

void ClusterTest::stand_in(const std::string& name, const std::string& script) const {
  std::filesystem::create_directories(file("bin"));
  std::ofstream(file("bin/" + name)) << "#!/bin/sh\n" << script;
  std::filesystem::permissions(file("bin/" + name), std::filesystem::perms::owner_all);
  ::setenv("PATH", (file("bin") + ":" + path_).c_str(), 1);
}

}  // namespace errand::clusters
