// SPDX-License-Identifier: Apache-2.0
#include "client/history.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <utility>

#include "database/target.h"
#include "system/files.h"
#include "system/process_table.h"
#include "system/try.h"
#include "system/user_directories.h"

namespace errand::client {
namespace {

constexpr const char* places_name = "places";
constexpr const char* last_name = "last";
constexpr std::uint64_t largest_list = 16U << 20U;
constexpr std::uint64_t largest_last = 64U << 10U;

/// Lines that end; a torn last line was never finished.
std::vector<std::string> whole_lines(std::string_view text) {
  std::vector<std::string> lines;
  for (std::size_t end = 0; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1)) {
    lines.emplace_back(text.substr(0, end));
  }
  return lines;
}

/// A database as a line of the list: its name, and behind it the options that lead there.
std::optional<database::Target> database_of(std::string_view line) {
  if (!database::is_database_place(line)) return std::nullopt;
  auto target = database::parse_connection_string(line);
  if (!target || target->without_password() != line) return std::nullopt;
  return *std::move(target);
}

/// An absolute directory, or a database's name: never a URI with a password.
bool is_place_name(std::string_view text) {
  if (text.starts_with('/')) return text.find('\n') == std::string_view::npos;
  const auto target = database_of(text);
  return target && target->place() == text;
}

/// True if a line says as much as `wanted`, which is `place` with or without options.
bool is_in(const std::vector<std::string>& lines, const std::string& wanted, const std::string& place) {
  return std::ranges::any_of(lines, [&](const std::string& line) {
    if (line == wanted) return true;
    // A name alone adds nothing to a line with options.
    const auto target = wanted == place ? database_of(line) : std::nullopt;
    return target && target->place() == place;
  });
}

/// What the list says of a place. The options of a database are those that this process connects with:
/// whoever finds the job by its id has to connect so, too.
std::string line_for(const std::string& place) {
  auto target = database_of(place);
  return target ? database::with_remembered(*std::move(target)).without_password() : place;
}

std::string session_file(const system::ProcessId& leader) {
  return fmt::format("{}/{}.{}", last_name, leader.pid, leader.start);
}

/// Process ids mean something in one world only, and a home directory is shared by many.
std::string world_of(const system::ProcessId& process) {
  return fmt::format("{} {} {}", process.host, process.boot, process.pid_namespace);
}

std::optional<system::ProcessId> parse_session_file(std::string_view name, const std::string& world) {
  system::ProcessId leader;
  const char* end = name.data() + name.size();
  const auto pid = std::from_chars(name.data(), end, leader.pid);
  if (pid.ec != std::errc() || pid.ptr == end || *pid.ptr != '.') return std::nullopt;
  const auto start = std::from_chars(pid.ptr + 1, end, leader.start);
  if (start.ec != std::errc() || start.ptr != end) return std::nullopt;
  const std::size_t host_end = world.find(' ');
  const std::size_t boot_end = world.rfind(' ');
  if (host_end == std::string::npos || boot_end == host_end) return std::nullopt;
  leader.host = world.substr(0, host_end);
  leader.boot = world.substr(host_end + 1, boot_end - host_end - 1);
  const std::string number = world.substr(boot_end + 1);
  std::from_chars(number.data(), number.data() + number.size(), leader.pid_namespace);
  return leader;
}

/// False where this process cannot know: another host, another container.
bool is_known_dead(const system::ProcessId& leader, const system::Processes& processes) {
  const system::ProcessId self = processes.self();
  if (leader.host != self.host) return false;
  if (leader.boot != self.boot) return true;
  return leader.same_world(self) && !processes.is_alive(leader);
}

/// Fields 6 and 7 of /proc/self/stat: the session and its terminal's device (0: none).
std::optional<std::int32_t> session_with_terminal() {
  const auto line = system::read_proc("/proc/self/stat");
  const std::size_t name_end = line ? line->rfind(')') : std::string::npos;
  if (name_end == std::string::npos) return std::nullopt;
  char state = 0;
  int parent = 0;
  int group = 0;
  int session = 0;
  int terminal = 0;
  const char* fields = line->c_str() + name_end + 1;
  const int read = std::sscanf(fields, " %c %d %d %d %d", &state, &parent, &group, &session, &terminal);
  if (read != 5 || session <= 0 || terminal == 0) return std::nullopt;
  return session;
}

/// This process's history, made anew when the process forked, changed its session or its environment.
struct Current {
  std::mutex mutex;
  std::shared_ptr<History> history;
  std::string directory;
  std::pair<pid_t, pid_t> process_and_session;
};

std::shared_ptr<History> current() {
  // Never destroyed: threads may submit while the process ends.
  static auto* now = new Current;
  const std::lock_guard lock(now->mutex);
  const std::string directory = system::state_directory();
  const std::pair process_and_session(getpid(), getsid(0));
  if (!now->history || directory != now->directory || process_and_session != now->process_and_session) {
    system::Processes& processes = system::system_processes();
    now->history = std::make_shared<History>(directory, terminal_session(processes), processes);
    now->directory = directory;
    now->process_and_session = process_and_session;
  }
  return now->history;
}

}  // namespace

std::optional<system::ProcessId> terminal_session(const system::Processes& processes) {
  const auto leader = session_with_terminal();
  return leader ? processes.find(*leader) : std::nullopt;
}

Result<void> History::record_submission(const std::string& id, const std::string& place) {
  const JobRef job(id, place);
  {
    const std::lock_guard lock(mutex_);
    last_ = job;
  }
  Result<void> noted = note_place(place);
  Result<void> written = write_last(job);
  return noted ? written : noted;
}

std::optional<JobRef> History::last() {
  const std::lock_guard lock(mutex_);
  return last_ ? last_ : read_last();
}

Result<void> History::note_place(const std::string& place) {
  // What is refused is not repeated: it may hold a password.
  if (!is_place_name(place)) {
    return Error{ErrorCode::invalid_argument, "a place is an absolute path or a database's name", false, {}};
  }
  const std::string wanted = line_for(place);
  const std::lock_guard lock(mutex_);
  if (noted_.contains(wanted)) return {};
  TRY_VOID(system::make_directories(directory_));
  TRY(const auto files, system::open_directory(directory_));
  TRY(const auto file, files->open_append(places_name));
  TRY(const std::string text, files->read_all(places_name, largest_list));
  if (!is_in(whole_lines(text), wanted, place)) {
    // One write, so that lines of two processes never mix; a torn line before it is closed first.
    const std::string line = (text.empty() || text.ends_with('\n') ? "" : "\n") + wanted + "\n";
    TRY_VOID(file->append(std::as_bytes(std::span(line))));
  }
  noted_.insert(wanted);
  return {};
}

Result<std::vector<std::string>> History::known_places() const {
  std::vector<std::string> places;
  std::error_code error;
  if (!std::filesystem::exists(directory_, error)) return places;
  TRY(const auto files, system::open_directory(directory_));
  Result<std::string> text = files->read_all(places_name, largest_list);
  if (!text && text.error().code == ErrorCode::not_found) return places;
  if (!text) return std::move(text).error();
  std::map<std::string, database::Target> databases;
  for (std::string& line : whole_lines(*text)) {
    if (auto target = database_of(line)) {
      line = target->place();
      databases[line] = database::with_trust_of(databases[line], *std::move(target));
    }
    const bool is_new = std::ranges::find(places, line) == places.end();
    if (is_place_name(line) && is_new) places.push_back(std::move(line));
  }
  for (const auto& [name, target] : databases) database::recall_target(target);
  return places;
}

Result<void> History::write_last(const JobRef& job) {
  if (!session_) return {};
  TRY_VOID(system::make_directories(directory_ + "/" + last_name));
  sweep_dead_sessions();
  TRY(const auto files, system::open_directory(directory_));
  const std::string content = fmt::format("{}\n{}\n{}\n", job.id(), job.place(), world_of(*session_));
  return files->publish(session_file(*session_), content, false, true);
}

std::optional<JobRef> History::read_last() const {
  if (!session_) return std::nullopt;
  const auto files = system::open_directory(directory_);
  if (!files) return std::nullopt;
  const auto text = (*files)->read_all(session_file(*session_), largest_last);
  if (!text) return std::nullopt;
  const auto lines = whole_lines(*text);
  if (lines.size() < 3 || lines[0].empty() || lines[2] != world_of(*session_)) return std::nullopt;
  return JobRef(lines[0], lines[1]);
}

void History::sweep_dead_sessions() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(swept_, true)) return;
  const auto files = system::open_directory(directory_ + "/" + last_name);
  if (!files) return;
  const auto names = (*files)->list("");
  if (!names) return;
  for (const std::string& name : *names) {
    const auto text = (*files)->read_all(name, largest_last);
    const auto lines = text ? whole_lines(*text) : std::vector<std::string>();
    const auto leader = lines.size() < 3 ? std::nullopt : parse_session_file(name, lines[2]);
    if (leader && is_known_dead(*leader, processes_)) (void)(*files)->remove(name);
  }
}

Result<void> record_submission(const std::string& id, const std::string& place) {
  return current()->record_submission(id, place);
}

std::optional<JobRef> last_of_this_session() {
  return current()->last();
}

Result<void> note_place(const std::string& place) {
  return current()->note_place(place);
}

Result<std::vector<std::string>> known_places() {
  return current()->known_places();
}

}  // namespace errand::client
