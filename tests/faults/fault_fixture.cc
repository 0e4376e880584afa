// SPDX-License-Identifier: Apache-2.0
#include "faults/fault_fixture.h"

#include <stdlib.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace errand::faults {
namespace {

/// Sorted "task attempt size hash" lines of a job's outcomes.
std::string outcomes_text(const JobRef& job) {
  auto outcomes = get_partial_results<EncodedValue>(job);
  if (!outcomes) return "error: " + outcomes.error().message;
  std::ostringstream text;
  for (const auto& outcome : *outcomes) {
    text << outcome.task << ' ' << outcome.attempt << ' ';
    if (outcome.succeeded()) {
      text << outcome.value().bytes.size() << ' '
           << std::hash<std::string_view>()(outcome.value().bytes.text()) << '\n';
    } else {
      text << to_string(outcome.failure().cause) << '\n';
    }
  }
  return text.str();
}

/// The same from a process that has never looked at the place.
std::string outcomes_of_another_process(const JobRef& job, const std::string& file) {
  pid_t child = ::fork();
  if (child == 0) {
    write_file(file, outcomes_text(JobRef(job.id(), job.place())));
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  std::string text = read_file(file);
  std::filesystem::remove(file);
  return text;
}

}  // namespace

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

Faults::Faults() {
  std::string pattern = (std::filesystem::temp_directory_path() / "errand-faults-XXXXXX").string();
  root_ = ::mkdtemp(pattern.data());
  ::setenv("XDG_STATE_HOME", path("state").c_str(), 1);
  ::setenv("XDG_CONFIG_HOME", path("config").c_str(), 1);
  ::setenv("ERRAND_COMMAND", command().c_str(), 1);
  std::filesystem::create_directories(path("outside/below"));
  write_file(path("outside/precious"), "precious");
  write_file(path("outside/below/precious"), "precious");
  context.wait = false;
  context.auto_cleanup = false;
  context.cores = 2;
  use_share(path("share"));
}

void Faults::use_share(const std::string& directory) {
  context.share_dir = directory;
  ::setenv("ERRAND_SHARE_DIR", directory.c_str(), 1);
}

Faults::~Faults() {
  std::error_code ignored;
  std::filesystem::remove_all(root_, ignored);
}

void Faults::TearDown() {
  EXPECT_EQ(read_file(path("outside/precious")), "precious");
  EXPECT_EQ(read_file(path("outside/below/precious")), "precious");
  end_agents(SIGTERM);
  if (place_id().empty()) return;
  EXPECT_TRUE(eventually([this] { return marked_processes(place_id()).empty(); })) << listing();
  for (const auto& [pid, process] : marked_processes(place_id())) ::kill(pid, SIGKILL);
}

std::string Faults::place_id() const {
  std::istringstream marker(read_file(share() + "/errand-share"));
  std::string word;
  std::string version;
  std::string id;
  marker >> word >> version >> id;
  return id;
}

std::vector<pid_t> Faults::agents() const {
  std::vector<pid_t> pids;
  std::error_code none;
  for (const auto& world : std::filesystem::directory_iterator(share() + "/agents", none)) {
    pid_t pid = 0;
    bool named = static_cast<bool>(std::ifstream(world.path() / "info") >> pid) && pid > 1;
    std::string words = named ? read_file("/proc/" + std::to_string(pid) + "/cmdline") : "";
    if (words.find("--errand-agent") != words.npos && words.find(share()) != words.npos) pids.push_back(pid);
  }
  return pids;
}

void Faults::end_agents(int signal) const {
  std::vector<pid_t> all = agents();
  for (pid_t agent : all) ::kill(agent, signal);
  for (pid_t agent : all) EXPECT_TRUE(eventually([agent] { return !is_running(agent); }));
}

CommandResult Faults::errand(const std::vector<std::string>& words,
                             const std::function<bool()>& before) const {
  std::vector<std::string> all = {command(), "--share-dir", share()};
  all.insert(all.end(), words.begin(), words.end());
  return run_command(all, before);
}

std::string Faults::command() {
  const char* set = ::getenv("ERRAND_COMMAND");
  return set != nullptr ? set : ERRAND_BINARY_DIR "/bin/errand";
}

std::string Faults::test_program(const std::string& name) {
  const char* set = ::getenv("ERRAND_TEST_PROGRAMS");
  return (set != nullptr ? std::string(set) : ERRAND_BINARY_DIR "/tests/programs") + "/" + name;
}

StatusReport Faults::ended(const JobRef& job) {
  WaitOptions options;
  options.timeout = std::chrono::minutes(2);
  auto report = wait_for_job(job, options);
  EXPECT_TRUE(report.ok()) << report.error().message << "\nstatus now: " << status(job).reason;
  return report ? *report : StatusReport{};
}

StatusReport Faults::status(const JobRef& job) {
  auto report = get_job_status(job);
  EXPECT_TRUE(report.ok()) << report.error().message;
  return report ? *report : StatusReport{};
}

bool Faults::only_idle_ones_are_left() const {
  Family family = family_of(place_id());
  return family.others.empty() && family.warm_parents.size() <= family.supervisors.size() &&
         family.workers.size() <= family.warm_parents.size();
}

void Faults::expect_only_idle_ones() const {
  EXPECT_TRUE(eventually([this] { return only_idle_ones_are_left(); })) << listing();
}

std::string Faults::listing() const {
  std::ostringstream text;
  for (const auto& [pid, process] : marked_processes(place_id())) {
    text << pid << " (of " << process.parent << ") " << process.command << '\n';
  }
  return text.str();
}

void Faults::expect_values(const JobRef& job, std::size_t count,
                           const std::vector<std::size_t>& failing) const {
  auto results = get_job_results<std::int64_t>(job);
  ASSERT_TRUE(results.ok()) << results.error().message;
  ASSERT_EQ(results->size(), count);
  EXPECT_EQ(results->failures().size(), failing.size())
      << (results->failures().empty() ? "" : results->failures()[0].message);
  for (std::size_t task = 0; task < count; ++task) {
    bool fails = std::find(failing.begin(), failing.end(), task) != failing.end();
    if (fails) {
      EXPECT_NE(results->failure(task), nullptr) << "task " << task;
    } else {
      ASSERT_EQ((*results)[task], expected_value(static_cast<int>(task))) << "task " << task;
    }
  }
}

void Faults::expect_two_readers_agree(const JobRef& job) const {
  std::string mine = outcomes_text(job);
  EXPECT_EQ(mine, outcomes_of_another_process(job, path("outcomes")));
  std::istringstream lines(mine);
  std::uint64_t previous = 0;
  bool first = true;
  for (std::string line; std::getline(lines, line); first = false) {
    std::uint64_t task = std::strtoull(line.c_str(), nullptr, 10);
    EXPECT_TRUE(first || task > previous) << "more than one outcome of task " << task;
    previous = task;
  }
}

}  // namespace errand::faults
