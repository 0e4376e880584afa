// SPDX-License-Identifier: Apache-2.0
#include "faults/processes.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "system/process_table.h"

namespace errand::faults {
namespace {

std::string slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

bool has_mark(pid_t pid, const std::string& mark) {
  std::string environment = '\0' + slurp("/proc/" + std::to_string(pid) + "/environ");
  return environment.find('\0' + mark + '\0') != std::string::npos;
}

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  return argv;
}

[[noreturn]] void become(const std::vector<std::string>& words, int out, int err) {
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  ::execvp(words[0].c_str(), pointers(words).data());
  ::_exit(126);
}

int temporary_file() {
  std::string path = (std::filesystem::temp_directory_path() / "errand-output-XXXXXX").string();
  int descriptor = ::mkostemp(path.data(), O_CLOEXEC);
  ::unlink(path.c_str());
  return descriptor;
}

std::string text_of(int descriptor) {
  std::string text;
  std::array<char, 65536> part;
  ssize_t got = 0;
  while ((got = ::pread(descriptor, part.data(), part.size(), static_cast<off_t>(text.size()))) > 0) {
    text.append(part.data(), static_cast<std::size_t>(got));
  }
  ::close(descriptor);
  return text;
}

}  // namespace

std::map<pid_t, Seen> marked_processes(const std::string& place_id) {
  std::map<pid_t, Seen> seen;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", none)) {
    Seen one;
    one.pid = std::atoi(entry.path().filename().c_str());
    const auto stat = one.pid > 0 ? system::read_process_stat(one.pid) : std::nullopt;
    if (!stat || stat->is_ended()) continue;
    one.parent = stat->parent;
    if (!has_mark(one.pid, "ERRAND_PLACE=" + place_id)) continue;
    one.command = slurp("/proc/" + std::to_string(one.pid) + "/cmdline");
    std::replace(one.command.begin(), one.command.end(), '\0', ' ');
    seen[one.pid] = one;
  }
  return seen;
}

Family family_of(const std::string& place_id) {
  Family family;
  std::map<pid_t, Seen> seen = marked_processes(place_id);
  std::map<pid_t, int> depth;  // below a supervisor
  for (const auto& [pid, one] : seen) {
    if (one.command.find("--errand-supervise") == std::string::npos) continue;
    family.supervisors.push_back(pid);
    depth[pid] = 0;
  }
  for (bool more = true; more;) {
    more = false;
    for (const auto& [pid, one] : seen) {
      if (depth.count(pid) != 0 || depth.count(one.parent) == 0) continue;
      depth[pid] = depth[one.parent] + 1;
      more = true;
    }
  }
  for (const auto& [pid, one] : seen) {
    auto known = depth.find(pid);
    if (known == depth.end() || known->second > 2) family.others.push_back(pid);
    if (known != depth.end() && known->second == 1) family.warm_parents.push_back(pid);
    if (known != depth.end() && known->second == 2) family.workers.push_back(pid);
  }
  return family;
}

bool is_running(pid_t pid) {
  const auto stat = system::read_process_stat(pid);
  return stat && !stat->is_ended();
}

CommandResult run_command(const std::vector<std::string>& words, const std::function<bool()>& before) {
  CommandResult result;
  int out = temporary_file();
  int err = temporary_file();
  pid_t child = ::fork();
  if (child == 0) {
    if (before && !before()) ::_exit(125);
    become(words, out, err);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.out = text_of(out);
  result.err = text_of(err);
  return result;
}

pid_t start_command(const std::vector<std::string>& words, const std::string& out_file) {
  int out = ::open(out_file.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  pid_t child = ::fork();
  if (child == 0) become(words, out, out);
  ::close(out);
  return child;
}

bool eventually(const std::function<bool()>& condition) {
  auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

}  // namespace errand::faults
