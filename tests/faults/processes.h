// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

/// What runs on this machine for one place, as /proc tells it: nothing that errand says of itself is used.
namespace errand::faults {

struct Seen {
  pid_t pid = 0;
  pid_t parent = 0;
  std::string command;  ///< words separated by blanks
};

/// Every process whose environment marks it as one of the place `place_id`. Zombies are left out.
[[nodiscard]] std::map<pid_t, Seen> marked_processes(const std::string& place_id);

/// The marked processes by what they are: supervisors, what they started (warm parents, or workers of a
/// program that cannot be forked), and everything below.
struct Family {
  std::vector<pid_t> supervisors;
  std::vector<pid_t> warm_parents;
  std::vector<pid_t> workers;
  std::vector<pid_t> others;  ///< what tasks started, and what hangs below no supervisor
};
[[nodiscard]] Family family_of(const std::string& place_id);

[[nodiscard]] bool is_running(pid_t pid);

struct CommandResult {
  int exit_code = -1;  ///< 128 + signal, as shells say it
  std::string out;
  std::string err;
};
/// Runs a command to its end. `before` runs in the child before exec; false: exit code 125.
CommandResult run_command(const std::vector<std::string>& words, const std::function<bool()>& before = {});

/// Starts a command and leaves it; its output goes to `out_file`.
pid_t start_command(const std::vector<std::string>& words, const std::string& out_file);

/// True when the condition came to hold within a minute (a bound for broken code, not a measurement).
[[nodiscard]] bool eventually(const std::function<bool()>& condition);

}  // namespace errand::faults
