// SPDX-License-Identifier: Apache-2.0
#include "engine/local/agent_process.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string_view>

#include "engine/local/world.h"
#include "engine/own_program.h"
#include "errand/version.h"
#include "system/processes.h"
#include "system/try.h"

namespace errand::engine::local {
namespace {

constexpr std::uint64_t info_limit = 4096;

bool is_executable(const std::string& path) {
  return access(path.c_str(), X_OK) == 0;
}

std::string own_path() {
  std::array<char, 4096> path{};
  ssize_t length = readlink("/proc/self/exe", path.data(), path.size() - 1);
  return length > 0 ? std::string(path.data(), static_cast<std::size_t>(length)) : std::string();
}

std::string beside_own_program() {
  std::string path = own_path();
  std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash + 1) + "errand";
}

std::string in_search_path() {
  const char* search = getenv("PATH");
  std::string_view rest = search == nullptr ? "" : search;
  while (!rest.empty()) {
    std::size_t end = rest.find(':');
    std::string candidate = std::string(rest.substr(0, end)) + "/errand";
    if (candidate[0] == '/' && is_executable(candidate)) return candidate;
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return {};
}

/// What an agent and everything below it needs; a worker's environment is the job's own.
std::vector<std::string> agent_environment() {
  std::vector<std::string> environment;
  for (const char* name : {"PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR", "XDG_STATE_HOME",
                           "LD_LIBRARY_PATH", "ERRAND_AGENT_IDLE", "ERRAND_WORKER_IDLE"}) {
    if (const char* value = getenv(name)) environment.push_back(std::string(name) + "=" + value);
  }
  return environment;
}

/// "<pid> <version> ...": compares the numbers of the versions.
bool is_older(const std::string& info) {
  std::array<int, 3> theirs{};
  std::array<int, 3> ours{};
  int pid = 0;
  if (std::sscanf(info.c_str(), "%d %d.%d.%d", &pid, &theirs[0], &theirs[1], &theirs[2]) != 4) return false;
  std::sscanf(version.data(), "%d.%d.%d", &ours[0], &ours[1], &ours[2]);
  return theirs < ours;
}

/// Once per process and place: an agent that is busy stays, and asking again changes nothing.
void ask_older_to_retire(share::Place& place, const std::string& directory) {
  static std::mutex mutex;
  static std::string asked;
  std::lock_guard guard(mutex);
  if (asked == place.id()) return;
  asked = place.id();
  auto info = place.files().read_all(directory + "/info", info_limit);
  if (info && is_older(*info)) {
    (void)place.files().publish(directory + "/retire", std::string(version) + "\n", false, true);
  }
}

Result<void> start_agent(share::Place& place) {
  TRY(std::string command, find_agent_command());
  system::SpawnRequest request;
  request.argv = {command, "--errand-agent", place.path()};
  request.environment = agent_environment();
  request.directory = "/";
  request.keep = {-1, -1, -1};
  request.new_session = true;
  auto pid = system::system_processes().spawn(request);
  if (!pid) {
    return Error{ErrorCode::engine_unavailable, "the agent could not be started: " + pid.error().message,
                 pid.error().transient, "check that " + command + " can be run, or set ERRAND_COMMAND", 0};
  }
  int status = 0;
  while (waitpid(*pid, &status, 0) < 0 && errno == EINTR) {
  }
  return {};
}

}  // namespace

Result<std::string> find_agent_command() {
  if (const char* chosen = getenv("ERRAND_COMMAND"); chosen != nullptr && *chosen != '\0') {
    if (is_executable(chosen)) return std::string(chosen);
    return Error{ErrorCode::engine_unavailable,
                 std::string("ERRAND_COMMAND names ") + chosen + ", which cannot be run", false,
                 "unset it, or set it to the errand command", 0};
  }
  for (const std::string& candidate :
       {chosen_command(), beside_own_program(), std::string(ERRAND_INSTALLED_COMMAND)}) {
    if (!candidate.empty() && is_executable(candidate)) return candidate;
  }
  if (std::string found = in_search_path(); !found.empty()) return found;
  if (is_own_program()) return own_path();
  return Error{ErrorCode::engine_unavailable, "the errand command was not found", false,
               "put it into PATH, set ERRAND_COMMAND to it, or call errand::init first in main", 0};
}

bool agent_is_up(share::Place& place) {
  std::string lock = agent_directory(system::system_processes().self()) + "/lock";
  auto file = place.files().open_read(lock);
  if (!file) return false;
  auto locked = (*file)->is_locked();
  return locked && *locked;
}

Result<void> ask_agent_to_sweep(share::Place& place) {
  std::string bell = agent_directory(system::system_processes().self()) + "/" + std::string(sweep_bell);
  TRY(auto file, place.files().open_append(bell));
  std::byte one{'.'};
  return file->append({&one, 1});
}

Result<void> ensure_agent(share::Place& place) {
  if (agent_is_up(place)) {
    ask_older_to_retire(place, agent_directory(system::system_processes().self()));
    return {};
  }
  return start_agent(place);
}

}  // namespace errand::engine::local
