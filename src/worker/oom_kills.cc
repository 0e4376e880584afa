// SPDX-License-Identifier: Apache-2.0
#include "worker/oom_kills.h"

#include <charconv>
#include <string>
#include <string_view>

#include "system/process_table.h"

namespace errand::worker {
namespace {

/// The number behind "oom_kill " at the beginning of a line.
std::uint64_t oom_kill_line(const std::string& path) {
  static constexpr std::string_view name = "oom_kill ";
  std::string text = "\n" + system::read_proc(path.c_str()).value_or(std::string());
  std::size_t at = text.find("\n" + std::string(name));
  if (at == text.npos) return 0;
  std::uint64_t count = 0;
  std::from_chars(text.data() + at + 1 + name.size(), text.data() + text.size(), count);
  return count;
}

/// What follows `prefix` on the line of /proc/self/cgroup that has it.
std::string control_group(std::string_view prefix) {
  std::string groups = "\n" + system::read_proc("/proc/self/cgroup").value_or(std::string());
  std::size_t at = groups.find(prefix);
  if (at == groups.npos) return {};
  std::size_t begin = at + prefix.size();
  return groups.substr(begin, groups.find('\n', begin) - begin);
}

}  // namespace

std::uint64_t count_oom_kills() {
  std::uint64_t kills = oom_kill_line("/proc/vmstat");
  if (std::string group = control_group("\n0::"); !group.empty()) {
    kills += oom_kill_line("/sys/fs/cgroup" + group + "/memory.events");
  }
  if (std::string group = control_group(":memory:"); !group.empty()) {
    kills += oom_kill_line("/sys/fs/cgroup/memory" + group + "/memory.oom_control");
  }
  return kills;
}

}  // namespace errand::worker
