// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>

#include "system/process_table.h"
#include "system/processes.h"
#include "system/spawn.h"

namespace errand::system {
namespace {

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return {};
  return name.data();
}

std::string boot_id() {
  std::string id = read_proc("/proc/sys/kernel/random/boot_id").value_or(std::string());
  while (!id.empty() && id.back() == '\n') id.pop_back();
  return id;
}

std::uint64_t own_pid_namespace() {
  struct stat status {};
  return stat("/proc/self/ns/pid", &status) == 0 ? status.st_ino : 0;
}

std::uint64_t start_of(std::int32_t pid) {
  const auto stat = read_process_stat(pid);
  return stat ? stat->start : 0;
}

// A fork changes pid and start, nothing else; a cache per thread needs no lock that a fork could copy
// while it is held.
const ProcessId& own_id() {
  thread_local ProcessId id;
  if (const pid_t pid = getpid(); id.pid != pid) {
    id = {host_name(), boot_id(), own_pid_namespace(), pid, start_of(pid)};
  }
  return id;
}

bool is_own(std::int32_t pid) {
  std::array<char, 32> path;
  std::snprintf(path.data(), path.size(), "/proc/%d", pid);
  struct stat status {};
  return stat(path.data(), &status) == 0 && status.st_uid == geteuid();
}

bool has_environment(std::int32_t pid, const std::string& entry) {
  std::array<char, 32> path;
  std::snprintf(path.data(), path.size(), "/proc/%d/environ", pid);
  const auto environment = read_proc(path.data());
  return environment && holds_entry(*environment, entry);
}

class PosixProcesses final : public Processes {
 public:
  [[nodiscard]] ProcessId self() const override { return own_id(); }

  [[nodiscard]] std::optional<ProcessId> find(std::int32_t pid) const override {
    const auto stat = pid > 0 ? read_process_stat(pid) : std::nullopt;
    if (!stat) return std::nullopt;
    ProcessId found = own_id();
    found.pid = pid;
    found.start = stat->start;
    return found;
  }

  [[nodiscard]] bool is_alive(const ProcessId& process) const override {
    const auto stat = process.pid > 0 ? read_process_stat(process.pid) : std::nullopt;
    return stat && stat->start == process.start && !stat->is_ended();
  }

  Result<std::int32_t> spawn(const SpawnRequest& request) override { return spawn_program(request); }

  // 0 and below mean whole groups to kill(2), and everything of this user.
  void signal(std::int32_t pid, int number) override {
    if (pid > 0) ::kill(pid, number);
  }

  [[nodiscard]] std::vector<std::int32_t> descendants(std::int32_t root) const override {
    if (auto found = descendants_by_children(root)) return *std::move(found);
    return descendants_by_parents(root);
  }

  [[nodiscard]] std::vector<std::int32_t> with_environment(const std::string& entry) const override {
    std::vector<std::int32_t> found;
    for (const std::int32_t pid : all_processes()) {
      if (is_own(pid) && has_environment(pid, entry)) found.push_back(pid);
    }
    return found;
  }

  void reap(std::int32_t pid) override {
    if (pid > 0) waitpid(pid, nullptr, WNOHANG);
  }
};

}  // namespace

Processes& system_processes() {
  // Never destroyed: threads may use it while the process ends.
  static Processes& processes = *new PosixProcesses;
  return processes;
}

}  // namespace errand::system
