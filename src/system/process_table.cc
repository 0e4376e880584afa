// SPDX-License-Identifier: Apache-2.0
#include "system/process_table.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <unordered_map>

#include "system/descriptor.h"
#include "system/directory_entries.h"

namespace errand::system {
namespace {

Descriptor open_proc(const char* path, int flags) {
  return keep_off_standard(Descriptor(open(path, flags | O_RDONLY | O_CLOEXEC)));
}

template <class Number>
bool to_number(std::string_view text, Number& number) {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failure == std::errc() && end == text.data() + text.size();
}

std::string_view next_word(std::string_view& text) {
  const auto begin = std::min(text.find_first_not_of(' '), text.size());
  const auto end = std::min(text.find_first_of(" \n", begin), text.size());
  const auto word = text.substr(begin, end - begin);
  text.remove_prefix(end);
  return word;
}

// Entries of a directory whose names are numbers.
bool numbers_in(const char* path, std::vector<std::int32_t>& numbers) {
  const Descriptor directory = open_proc(path, O_DIRECTORY);
  if (!directory) return false;
  return for_each_entry(directory.get(), [&](const char* name, unsigned char) {
           std::int32_t number = 0;
           if (to_number(std::string_view(name), number)) numbers.push_back(number);
           return true;
         }) == 0;
}

void append_numbers(std::string_view text, std::vector<std::int32_t>& numbers) {
  for (auto word = next_word(text); !word.empty(); word = next_word(text)) {
    std::int32_t number = 0;
    if (to_number(word, number)) numbers.push_back(number);
  }
}

// A child belongs to the thread that forked it.
void append_children(std::int32_t pid, std::vector<std::int32_t>& children) {
  std::array<char, 64> path;
  std::snprintf(path.data(), path.size(), "/proc/%d/task", pid);
  std::vector<std::int32_t> threads;
  numbers_in(path.data(), threads);
  for (const std::int32_t thread : threads) {
    std::snprintf(path.data(), path.size(), "/proc/%d/task/%d/children", pid, thread);
    if (const auto text = read_proc(path.data())) append_numbers(*text, children);
  }
}

bool has_children_files() {
  static const bool answer = access("/proc/thread-self/children", R_OK) == 0;
  return answer;
}

}  // namespace

std::optional<std::string> read_proc(const char* path) {
  const Descriptor file = open_proc(path, 0);
  if (!file) return std::nullopt;
  std::string content;
  std::array<char, 4096> part;
  for (;;) {
    const ssize_t got = read(file.get(), part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) return content;
    content.append(part.data(), static_cast<std::size_t>(got));
  }
}

std::optional<ProcessStat> parse_process_stat(std::string_view line) {
  const auto command_end = line.rfind(')');
  if (command_end == line.npos) return std::nullopt;
  line.remove_prefix(command_end + 1);
  ProcessStat stat;
  const auto state = next_word(line);
  if (state.size() != 1 || !to_number(next_word(line), stat.parent)) return std::nullopt;
  stat.state = state.front();
  for (int field = 5; field < 20; ++field) next_word(line);
  if (!to_number(next_word(line), stat.threads)) return std::nullopt;
  next_word(line);
  if (!to_number(next_word(line), stat.start)) return std::nullopt;
  return stat;
}

std::optional<ProcessStat> read_process_stat(std::int32_t pid) {
  std::array<char, 32> path;
  std::snprintf(path.data(), path.size(), "/proc/%d/stat", pid);
  const auto line = read_proc(path.data());
  return line ? parse_process_stat(*line) : std::nullopt;
}

std::vector<std::int32_t> all_processes() {
  std::vector<std::int32_t> pids;
  numbers_in("/proc", pids);
  return pids;
}

std::optional<std::vector<std::int32_t>> descendants_by_children(std::int32_t root) {
  if (!has_children_files()) return std::nullopt;
  std::vector<std::int32_t> found;
  append_children(root, found);
  for (std::size_t next = 0; next < found.size(); ++next) append_children(found[next], found);
  // A child whose parent died meanwhile is seen twice: below it, and below whoever inherited it.
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  std::erase(found, root);
  return found;
}

std::vector<std::int32_t> descendants_by_parents(std::int32_t root) {
  std::unordered_map<std::int32_t, std::vector<std::int32_t>> children;
  for (const std::int32_t pid : all_processes()) {
    if (const auto stat = read_process_stat(pid)) children[stat->parent].push_back(pid);
  }
  std::vector<std::int32_t> found = std::move(children[root]);
  for (std::size_t next = 0; next < found.size(); ++next) {
    const auto below = children.find(found[next]);
    if (below == children.end()) continue;
    found.insert(found.end(), below->second.begin(), below->second.end());
    children.erase(below);
  }
  return found;
}

bool holds_entry(std::string_view environment, std::string_view entry) {
  while (!environment.empty()) {
    const auto end = std::min(environment.find('\0'), environment.size());
    if (environment.substr(0, end) == entry) return true;
    environment.remove_prefix(std::min(end + 1, environment.size()));
  }
  return false;
}

}  // namespace errand::system
