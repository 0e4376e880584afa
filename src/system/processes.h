// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "errand/error.h"

namespace errand::system {

/// Names one process for ever: a pid alone is reused.
struct ProcessId {
  std::string host;  ///< node name
  std::string boot;  ///< kernel boot id
  std::uint64_t pid_namespace = 0;
  std::int32_t pid = 0;
  std::uint64_t start = 0;  ///< ticks since boot, field 22 of /proc/pid/stat

  bool operator==(const ProcessId&) const = default;
  /// Same machine, same boot, same pid namespace: pids can be compared.
  [[nodiscard]] bool same_world(const ProcessId& other) const {
    return host == other.host && boot == other.boot && pid_namespace == other.pid_namespace;
  }
};

struct SpawnRequest {
  std::vector<std::string> argv;         ///< argv[0] is a path
  std::vector<std::string> environment;  ///< NAME=value; all of it
  std::string directory;                 ///< empty: the caller's
  /// Descriptor i of the child is keep[i] of the parent (-1: /dev/null). Everything else is closed.
  std::vector<int> keep;
  bool new_session = false;
  int die_with_parent_signal = 0;  ///< PR_SET_PDEATHSIG; 0: none. The parent is the spawning thread
};

class Processes {
 public:
  virtual ~Processes() = default;
  [[nodiscard]] virtual ProcessId self() const = 0;
  /// The process with that pid in this world, or nothing.
  [[nodiscard]] virtual std::optional<ProcessId> find(std::int32_t pid) const = 0;
  /// True if it exists and is not a zombie. Only meaningful for processes of the same world.
  [[nodiscard]] virtual bool is_alive(const ProcessId& process) const = 0;
  /// Starts a child; its pid. Errors: not_found (no such program), system.
  virtual Result<std::int32_t> spawn(const SpawnRequest& request) = 0;
  virtual void signal(std::int32_t pid, int number) = 0;
  /// Children, their children and so on, of any session and process group; not `root` itself.
  [[nodiscard]] virtual std::vector<std::int32_t> descendants(std::int32_t root) const = 0;
  /// Processes of this user whose initial environment holds exactly `entry` ("NAME=value"). One that is just
  /// starting another program may be missed: ask again.
  [[nodiscard]] virtual std::vector<std::int32_t> with_environment(const std::string& entry) const = 0;
  /// Collects `pid` if it is our own child and has ended; its exit status is gone then. Never waits.
  virtual void reap(std::int32_t pid) { (void)pid; }
};

[[nodiscard]] Processes& system_processes();

/// Kills every descendant of `root` except those in `spared` and what is below them, until none is left:
/// stopped first, so that none forks away. Reaps those that are our own children. Processes that the kernel
/// cannot end now (waiting for a dead file server) are left after some seconds, with SIGKILL pending.
void kill_descendants(Processes& processes, std::int32_t root, const std::vector<std::int32_t>& spared);

}  // namespace errand::system
