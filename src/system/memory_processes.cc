// SPDX-License-Identifier: Apache-2.0
#include "system/memory_processes.h"

#include <algorithm>
#include <csignal>

namespace errand::system {
namespace {

constexpr std::int32_t own_pid = 100;
constexpr std::int32_t init_pid = 1;

}  // namespace

MemoryProcesses::MemoryProcesses(std::string host, std::string boot)
    : host_(std::move(host)), boot_(std::move(boot)) {
  processes_[own_pid] = {init_pid, 1, {}, false, false, false, 0};
}

std::int32_t MemoryProcesses::add_locked(std::int32_t parent, std::vector<std::string> environment) const {
  while (processes_.contains(next_pid_)) ++next_pid_;
  const std::int32_t pid = next_pid_++;
  processes_[pid] = {parent, next_start_++, std::move(environment), false, false, false, 0};
  return pid;
}

std::int32_t MemoryProcesses::add(std::int32_t parent, std::vector<std::string> environment) {
  const std::lock_guard lock(mutex_);
  return add_locked(parent, std::move(environment));
}

bool MemoryProcesses::is_below_self(std::int32_t pid) const {
  for (auto at = processes_.find(pid); at != processes_.end(); at = processes_.find(at->second.parent)) {
    if (at->second.parent == own_pid) return true;
  }
  return false;
}

void MemoryProcesses::end_locked(std::int32_t pid) {
  const auto process = processes_.find(pid);
  if (process == processes_.end()) return;
  const std::int32_t heir = is_below_self(pid) ? own_pid : init_pid;
  for (auto& [child, about] : processes_) {
    if (about.parent == pid) about.parent = heir;
  }
  if (process->second.parent == own_pid) {
    process->second.zombie = true;
  } else {
    processes_.erase(process);
  }
}

void MemoryProcesses::end(std::int32_t pid) {
  const std::lock_guard lock(mutex_);
  end_locked(pid);
}

void MemoryProcesses::make_bomb(std::int32_t pid, int generations) {
  const std::lock_guard lock(mutex_);
  processes_.at(pid).forks_left = generations;
}

void MemoryProcesses::make_unkillable(std::int32_t pid) {
  const std::lock_guard lock(mutex_);
  processes_.at(pid).unkillable = true;
}

void MemoryProcesses::set_next_pid(std::int32_t pid) {
  const std::lock_guard lock(mutex_);
  next_pid_ = pid;
}

void MemoryProcesses::fail_next_spawn(Error error) {
  const std::lock_guard lock(mutex_);
  spawn_failure_ = std::move(error);
}

void MemoryProcesses::reboot(std::string boot) {
  const std::lock_guard lock(mutex_);
  boot_ = std::move(boot);
  processes_.clear();
  processes_[own_pid] = {init_pid, next_start_++, {}, false, false, false, 0};
}

std::vector<SpawnRequest> MemoryProcesses::spawned() const {
  const std::lock_guard lock(mutex_);
  return spawned_;
}

std::vector<int> MemoryProcesses::signals_of(std::int32_t pid) const {
  const std::lock_guard lock(mutex_);
  const auto found = signals_.find(pid);
  return found == signals_.end() ? std::vector<int>() : found->second;
}

bool MemoryProcesses::is_zombie(std::int32_t pid) const {
  const std::lock_guard lock(mutex_);
  const auto found = processes_.find(pid);
  return found != processes_.end() && found->second.zombie;
}

ProcessId MemoryProcesses::self() const {
  return *find(own_pid);
}

std::optional<ProcessId> MemoryProcesses::find(std::int32_t pid) const {
  const std::lock_guard lock(mutex_);
  const auto found = processes_.find(pid);
  if (found == processes_.end()) return std::nullopt;
  return ProcessId{host_, boot_, 1, pid, found->second.start};
}

bool MemoryProcesses::is_alive(const ProcessId& process) const {
  const std::lock_guard lock(mutex_);
  const auto found = processes_.find(process.pid);
  return found != processes_.end() && found->second.start == process.start && !found->second.zombie;
}

Result<std::int32_t> MemoryProcesses::spawn(const SpawnRequest& request) {
  const std::lock_guard lock(mutex_);
  if (spawn_failure_) return *std::exchange(spawn_failure_, std::nullopt);
  spawned_.push_back(request);
  return add_locked(own_pid, request.environment);
}

void MemoryProcesses::signal(std::int32_t pid, int number) {
  const std::lock_guard lock(mutex_);
  const auto found = processes_.find(pid);
  if (found == processes_.end() || found->second.zombie) return;
  signals_[pid].push_back(number);
  if (found->second.unkillable) return;
  if (number == SIGSTOP) found->second.stopped = true;
  if (number == SIGCONT) found->second.stopped = false;
  if (number == SIGKILL) end_locked(pid);
}

std::vector<std::int32_t> MemoryProcesses::below(std::int32_t root) const {
  std::vector<std::int32_t> found{root};
  for (std::size_t next = 0; next < found.size(); ++next) {
    for (const auto& [pid, process] : processes_) {
      if (process.parent == found[next] && pid != root) found.push_back(pid);
    }
  }
  found.erase(found.begin());
  return found;
}

std::vector<std::int32_t> MemoryProcesses::descendants(std::int32_t root) const {
  const std::lock_guard lock(mutex_);
  auto found = below(root);
  for (const std::int32_t pid : found) {
    Process& process = processes_.at(pid);
    if (process.forks_left == 0 || process.stopped || process.zombie) continue;
    const int left = --process.forks_left;
    // Not in this answer: the next one has it.
    processes_.at(add_locked(pid, {})).forks_left = left;
  }
  return found;
}

std::vector<std::int32_t> MemoryProcesses::with_environment(const std::string& entry) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::int32_t> found;
  for (const auto& [pid, process] : processes_) {
    const auto& all = process.environment;
    if (!process.zombie && std::find(all.begin(), all.end(), entry) != all.end()) found.push_back(pid);
  }
  return found;
}

void MemoryProcesses::reap(std::int32_t pid) {
  const std::lock_guard lock(mutex_);
  const auto found = processes_.find(pid);
  if (found != processes_.end() && found->second.zombie) processes_.erase(found);
}

}  // namespace errand::system
