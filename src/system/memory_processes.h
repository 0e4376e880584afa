// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "system/processes.h"

namespace errand::system {

/// The in-memory twin: processes that exist only here. SIGKILL ends one at once, SIGSTOP stops it, other
/// signals are only recorded. Thread-safe.
class MemoryProcesses final : public Processes {
 public:
  /// This process has pid 100 and inherits orphans (a child subreaper).
  explicit MemoryProcesses(std::string host = "host", std::string boot = "boot");

  /// A process that somebody else started.
  std::int32_t add(std::int32_t parent, std::vector<std::string> environment = {});
  /// It ended: a zombie if it is our child, else gone. Its children pass to us if it was below us.
  void end(std::int32_t pid);
  /// It forks whenever somebody asks for descendants, unless it is stopped, and its children do the same:
  /// a fork bomb of so many generations.
  void make_bomb(std::int32_t pid, int generations);
  /// Nothing that signals it has an effect: waits for a dead file server.
  void make_unkillable(std::int32_t pid);
  /// The next spawned or added process gets this pid; it must be free.
  void set_next_pid(std::int32_t pid);
  /// The next spawn fails with it.
  void fail_next_spawn(Error error);
  /// Everything is gone, and the boot id is another.
  void reboot(std::string boot);

  [[nodiscard]] std::vector<SpawnRequest> spawned() const;
  /// Signals sent to `pid`, in order.
  [[nodiscard]] std::vector<int> signals_of(std::int32_t pid) const;
  [[nodiscard]] bool is_zombie(std::int32_t pid) const;

  [[nodiscard]] ProcessId self() const override;
  [[nodiscard]] std::optional<ProcessId> find(std::int32_t pid) const override;
  [[nodiscard]] bool is_alive(const ProcessId& process) const override;
  Result<std::int32_t> spawn(const SpawnRequest& request) override;
  void signal(std::int32_t pid, int number) override;
  [[nodiscard]] std::vector<std::int32_t> descendants(std::int32_t root) const override;
  [[nodiscard]] std::vector<std::int32_t> with_environment(const std::string& entry) const override;
  void reap(std::int32_t pid) override;

 private:
  struct Process {
    std::int32_t parent = 0;
    std::uint64_t start = 0;
    std::vector<std::string> environment;
    bool zombie = false;
    bool stopped = false;
    bool unkillable = false;
    int forks_left = 0;
  };

  // All with the lock held.
  std::int32_t add_locked(std::int32_t parent, std::vector<std::string> environment) const;
  void end_locked(std::int32_t pid);
  [[nodiscard]] std::vector<std::int32_t> below(std::int32_t root) const;
  [[nodiscard]] bool is_below_self(std::int32_t pid) const;

  mutable std::mutex mutex_;
  std::string host_;
  std::string boot_;
  mutable std::map<std::int32_t, Process> processes_;
  mutable std::int32_t next_pid_ = 101;
  mutable std::uint64_t next_start_ = 1000;
  std::optional<Error> spawn_failure_;
  std::vector<SpawnRequest> spawned_;
  std::map<std::int32_t, std::vector<int>> signals_;
};

}  // namespace errand::system
