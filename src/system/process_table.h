// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What /proc says about processes.
namespace errand::system {

/// The fields of /proc/<pid>/stat that we read.
struct ProcessStat {
  char state = '?';
  std::int32_t parent = 0;
  std::int32_t threads = 0;
  std::uint64_t start = 0;
  /// Dead, and only waiting to be collected. (A zombie with threads has lost its first one only.)
  [[nodiscard]] bool is_ended() const {
    return (state == 'Z' && threads <= 1) || state == 'X' || state == 'x';
  }
};

/// Parses one line; nothing if it is not one. The command in it may hold spaces and parentheses.
[[nodiscard]] std::optional<ProcessStat> parse_process_stat(std::string_view line);
[[nodiscard]] std::optional<ProcessStat> read_process_stat(std::int32_t pid);

/// A file of /proc, whole; nothing if it cannot be read.
[[nodiscard]] std::optional<std::string> read_proc(const char* path);

/// Every process there is.
[[nodiscard]] std::vector<std::int32_t> all_processes();
/// Below `root` by /proc/<pid>/task/*/children, which costs as much as there are descendants; nothing
/// where the kernel does not have it.
[[nodiscard]] std::optional<std::vector<std::int32_t>> descendants_by_children(std::int32_t root);
/// The same by one look at every process.
[[nodiscard]] std::vector<std::int32_t> descendants_by_parents(std::int32_t root);

/// True if `environment` (NAME=value strings, each with its NUL) holds exactly `entry`.
[[nodiscard]] bool holds_entry(std::string_view environment, std::string_view entry);

}  // namespace errand::system
