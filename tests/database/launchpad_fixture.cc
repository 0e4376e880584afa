// SPDX-License-Identifier: Apache-2.0
#include "launchpad_fixture.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "database/launchpad_process.h"

namespace errand::database {
namespace {

using namespace std::chrono_literals;

bool exists(const std::string& path) {
  return access(path.c_str(), F_OK) == 0;
}

int echo_after_a_while(int milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
  return milliseconds;
}

int wait_for_a_file(int number, std::string name) {
  const std::string mark = name + ".started." + std::to_string(number);
  std::ofstream(mark, std::ios::app) << getpid() << "\n";
  chmod(mark.c_str(), 0666);
  for (int i = 0; i < 12000 && !exists(name); ++i) std::this_thread::sleep_for(10ms);
  return number;
}

std::string make_large_value(int size) {
  std::string value(static_cast<std::size_t>(size), ' ');
  for (std::size_t i = 0; i < value.size(); ++i) value[i] = static_cast<char>('a' + (i * 7 + i / 1000) % 26);
  return value;
}

std::string ask_the_database(std::string statement) {
  auto connection = Connection::open(Target{});
  if (!connection) return "no connection: " + connection.error().message;
  auto rows = (*connection)->run(statement);
  if (!rows) return rows.error().message;
  return rows->count() == 0 ? std::string("(nothing)") : std::string(rows->text(0, 0));
}

}  // namespace

const Function<int, int> echo_after = function("database.echo_after", echo_after_a_while);
const Function<int, int, std::string> wait_for_file = function("database.wait_for_file", wait_for_a_file);
const Function<std::string, int> large_value = function("database.large_value", make_large_value);
const Function<std::string, std::string> ask_database = function("database.ask_database", ask_the_database);

void LaunchpadFixture::SetUp() {
  DatabaseFixture::SetUp();
  if (IsSkipped()) return;
  database_ = target_as("administrator").parameters["dbname"];
  static int number = 0;
  folder_of_test_ = "/tmp/errand-launchpad-" + std::to_string(getpid()) + "-" + std::to_string(++number);
  std::filesystem::create_directories(folder_of_test_);
  chmod(folder_of_test_.c_str(), 01777);
  // A test that failed may have left something.
  ASSERT_TRUE(own_administrator().run_script("delete from errand.directory"));
}

void LaunchpadFixture::TearDown() {
  for (pid_t pid : started_) {
    ::kill(pid, SIGTERM);
    waitpid(pid, nullptr, 0);
  }
  own_administrator_.reset();
  std::error_code ignored;
  if (HasFailure() || folder_of_test_.empty()) return;
  std::filesystem::remove_all(folder_of_test_, ignored);
}

ComputeContext LaunchpadFixture::context_of(const std::string& role) const {
  Target target = target_as(role);
  std::string text = "host=" + target.parameters["host"] + " port=" + target.parameters["port"] +
                     " user=" + role + " password=" + target.parameters["password"] + " dbname=" + database_;
  auto context = InDatabase(text);
  EXPECT_TRUE(context) << (context ? "" : context.error().message);
  return context.value_or(ComputeContext());
}

ComputeContext LaunchpadFixture::leaving(const std::string& role) const {
  ComputeContext context = context_of(role);
  context.wait = false;
  return context;
}

int LaunchpadFixture::starts(const std::string& name, int task) const {
  std::ifstream mark(file(name) + ".started." + std::to_string(task));
  int lines = 0;
  for (std::string line; std::getline(mark, line);) ++lines;
  return lines;
}

void LaunchpadFixture::expect_next_goes_on(const std::function<Running()>& start_one) {
  auto first = start_one();
  let_go("done");
  auto job = exec(leaving("alice"), wait_for_file, each(std::vector<int>{0, 1}),
                  each(std::vector<std::string>{file("done"), file("go")}));
  ASSERT_TRUE(job) << job.error().message;
  ASSERT_TRUE(eventually([&] {
    auto status = get_job_status(*job);
    return status && status->progress.succeeded == 1 && began("go", 1);
  }));
  kill(first);
  auto second = start_one();
  ASSERT_TRUE(eventually([&] { return starts("go", 1) == 2; }));
  auto status = get_job_status(*job);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(status->status, JobStatus::running) << status->reason;
  let_go("go");
  ASSERT_TRUE(wait_for_job(*job));
  auto results = job->results();
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_EQ((*results)[0] * 10 + (*results)[1], 1);
  EXPECT_EQ(starts("done", 0), 1) << "what was done is not done again";
  EXPECT_EQ(stop(second), 0);
  EXPECT_TRUE(processes_below(second.scratch).empty());
}

Connection& LaunchpadFixture::own_administrator() {
  if (!own_administrator_ || own_administrator_->is_lost()) {
    // The server may be starting again.
    EXPECT_TRUE(eventually([&] {
      auto connection = Connection::open(target_as("administrator"));
      if (!connection) return false;
      own_administrator_ = *std::move(connection);
      return true;
    }));
  }
  return *own_administrator_;
}

LaunchpadFixture::Running LaunchpadFixture::start(const std::vector<std::string>& more,
                                                  const std::string& uri) {
  static int number = 0;
  Running running;
  running.scratch = file("scratch" + std::to_string(++number));
  running.log = running.scratch + ".log";
  Target target = target_as("launchpad");
  std::string text = "host='" + target.parameters["host"] + "' port=" + target.parameters["port"] +
                     " user=errand_launchpad dbname=" + database_;
  std::vector<std::string> words{
      "--database", uri.empty() ? text : uri, "--scratch", running.scratch, "--workers", "2"};
  if (geteuid() != 0) words.insert(words.end(), {"--role", "alice"});
  words.insert(words.end(), more.begin(), more.end());
  serve(running, words);
  return running;
}

void LaunchpadFixture::serve(Running& running, const std::vector<std::string>& words,
                             const std::vector<std::string>& command) {
  running.pid = start_launchpad(words, running.log, command);
  if (running.pid > 0) started_.push_back(running.pid);
}

std::string LaunchpadFixture::refusal_of(const std::vector<std::string>& words,
                                         const std::vector<std::string>& command, int code) {
  const std::string log = file("refusal.log");
  const pid_t pid = spawn_launchpad(words, log, command);
  int status = 0;
  bool has_ended = false;
  (void)eventually([&] {
    has_ended = waitpid(pid, &status, WNOHANG) == pid;
    return has_ended || text_of_file(log).find("serves") != std::string::npos;
  });
  if (!has_ended) {
    ::kill(pid, SIGTERM);
    waitpid(pid, &status, 0);
  }
  EXPECT_TRUE(has_ended) << "it has begun";
  EXPECT_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -1, code);
  return text_of_file(log);
}

std::string LaunchpadFixture::log_of(const Running& launchpad) const {
  return text_of_file(launchpad.log);
}

int LaunchpadFixture::stop(Running& launchpad) {
  if (launchpad.pid <= 0) return -1;  // it never served; kill(-1) would be everybody
  ::kill(launchpad.pid, SIGTERM);
  int status = 0;
  waitpid(launchpad.pid, &status, 0);
  std::erase(started_, launchpad.pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void LaunchpadFixture::kill(Running& launchpad) {
  if (launchpad.pid <= 0) return;
  ::kill(launchpad.pid, SIGKILL);
  waitpid(launchpad.pid, nullptr, 0);
  std::erase(started_, launchpad.pid);
  EXPECT_TRUE(eventually([&] { return processes_below(launchpad.scratch).empty(); }));
}

pid_t LaunchpadFixture::begun_task(const std::string& name, int task) const {
  pid_t process = 0;
  if (!eventually([&] { return began(name, task); })) return 0;
  std::ifstream(file(name + ".started." + std::to_string(task))) >> process;
  return process;
}

bool LaunchpadFixture::eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 12000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

/// By what they were told when they were started: every agent and worker knows its place.
std::vector<pid_t> LaunchpadFixture::processes_below(const std::string& scratch) {
  std::vector<pid_t> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::string said =
        text_of_file("/proc/" + name + "/cmdline") + text_of_file("/proc/" + name + "/environ");
    if (said.find(scratch + "/w") != std::string::npos) found.push_back(static_cast<pid_t>(std::stol(name)));
  }
  return found;
}

}  // namespace errand::database
