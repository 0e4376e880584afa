// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "measure.h"

/// Looks at processes through /proc.
namespace bench {

inline std::string slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline std::vector<int> all_processes() {
  std::vector<int> pids;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") == std::string::npos) pids.push_back(std::stoi(name));
  }
  return pids;
}

/// A number of /proc/PID/status: "VmHWM" and "VmRSS" in KiB, the context switches; 0 if it is gone.
inline std::uint64_t status_number(int pid, const std::string& key) {
  std::string text = slurp("/proc/" + std::to_string(pid) + "/status");
  std::size_t at = text.find("\n" + key + ":");
  return at == std::string::npos ? 0 : std::strtoull(text.c_str() + at + key.size() + 2, nullptr, 10);
}

inline int parent_of(int pid) {
  return static_cast<int>(status_number(pid, "PPid"));
}

/// The agent of a place and this machine, by the note it leaves there.
inline std::vector<int> agents_of(const std::string& place) {
  std::vector<int> found;
  std::error_code none;
  for (const auto& world : std::filesystem::directory_iterator(place + "/agents", none)) {
    int pid = std::atoi(slurp(world.path().string() + "/info").c_str());
    if (pid > 0 && status_number(pid, "VmRSS") != 0) found.push_back(pid);
  }
  return found;
}

/// `roots` and everything below them.
inline std::vector<int> with_descendants(std::vector<int> roots) {
  std::vector<int> pids = all_processes();
  for (std::size_t i = 0; i < roots.size(); ++i) {
    for (int pid : pids) {
      bool known = std::find(roots.begin(), roots.end(), pid) != roots.end();
      if (!known && parent_of(pid) == roots[i]) roots.push_back(pid);
    }
  }
  return roots;
}

/// The largest memory this process ever held, in KiB.
inline std::uint64_t own_peak_kib() {
  return status_number(getpid(), "VmHWM");
}

inline unsigned cores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<unsigned>(CPU_COUNT(&set));
  return std::max(1U, std::thread::hardware_concurrency());
}

inline void Workspace::stop_agents() const {
  std::vector<int> pids = with_descendants(agents_of(place()));
  for (int pid : pids) kill(pid, SIGKILL);
  for (int pid : pids) {
    for (int i = 0; i < 1000 && kill(pid, 0) == 0 && status_number(pid, "VmRSS") != 0; ++i) usleep(1000);
  }
}

}  // namespace bench
