// SPDX-License-Identifier: Apache-2.0
#include "engine/local/agent.h"

#include <fcntl.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "engine/local/world.h"
#include "errand/version.h"
#include "share/names.h"
#include "system/try.h"

namespace errand::engine::local {
namespace {

constexpr std::size_t log_size = std::size_t{1} << 20;
constexpr std::size_t log_files = 2;

bool is_supervisor(std::int32_t pid) {
  std::array<char, 4096> words{};
  int file = open(("/proc/" + std::to_string(pid) + "/cmdline").c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  ssize_t length = read(file, words.data(), words.size());
  close(file);
  std::string_view text(words.data(), static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
  return text.find("--errand-supervise") != std::string_view::npos;
}

volatile sig_atomic_t terminated = 0;
void on_terminate(int) {
  terminated = 1;
}

std::uint64_t count_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<std::uint64_t>(std::max(1, CPU_COUNT(&set)));
}

std::int64_t seconds_from_environment(const char* name, std::int64_t otherwise_ns) {
  const char* text = getenv(name);
  double seconds = text == nullptr ? -1 : strtod(text, nullptr);
  return seconds > 0 ? static_cast<std::int64_t>(seconds * 1e9) : otherwise_ns;
}

/// A launchpad has its own idea of how many tasks run at once.
std::uint64_t cores_from_environment(std::uint64_t otherwise) {
  const char* text = getenv("ERRAND_AGENT_CORES");
  const std::uint64_t cores = text == nullptr ? 0 : strtoull(text, nullptr, 10);
  return cores > 0 && cores < 1'000'000 ? cores : otherwise;
}

/// Out of the submitter's session and process group, with nothing of its terminal.
void daemonize() {
  if (fork() != 0) _exit(0);
  setsid();
  umask(077);
  (void)!chdir("/");
  prctl(PR_SET_CHILD_SUBREAPER, 1);  // what a killed supervisor leaves comes to us
  struct sigaction action {};
  action.sa_handler = on_terminate;
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
}

void open_log(const share::Place& place, const std::string& directory) {
  try {
    auto log =
        spdlog::rotating_logger_st("agent", place.files().absolute(directory + "/log"), log_size, log_files);
    log->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z [%P] %v");
    log->flush_on(spdlog::level::info);
    spdlog::set_default_logger(log);
  } catch (const spdlog::spdlog_ex&) {
    spdlog::set_level(spdlog::level::off);  // a full disk must not keep jobs from running
  }
}

}  // namespace

Agent::Agent(AgentSettings settings, std::shared_ptr<share::Place> place)
    : settings_(std::move(settings)),
      place_(std::move(place)),
      processes_(system::system_processes()),
      directory_(agent_directory(processes_.self())),
      sweeper_(place_) {}

Result<std::unique_ptr<Agent>> Agent::start(AgentSettings settings) {
  TRY(auto place, share::Place::open(settings.share_dir, false));
  place->heed_launchpad();
  std::unique_ptr<Agent> agent(new Agent(std::move(settings), std::move(place)));
  if (agent->settings_.part) {
    TRY_VOID(agent->watch());
    return agent;
  }
  if (auto made = agent->place_->files().make_directory(agent->directory_);
      !made && made.error().code != ErrorCode::exists) {
    return std::move(made).error();
  }
  TRY(bool locked, agent->take_lock());
  if (!locked) return Error{ErrorCode::exists, "another agent serves this share directory", true, "", 0};
  TRY_VOID(agent->watch());
  open_log(*agent->place_, agent->directory_);
  agent->write_info();
  return agent;
}

Result<bool> Agent::take_lock() {
  TRY(lock_, place_->files().open_append(directory_ + "/lock"));
  TRY(bool locked, lock_->try_lock());
  if (!locked) lock_.reset();
  return locked;
}

void Agent::release_lock() {
  lock_.reset();
}

Result<void> Agent::watch() {
  TRY(watch_, place_->files().watch());
  TRY_VOID(watch_->add(std::string(share::active_directory)));
  if (settings_.part) return {};
  TRY_VOID(watch_->add(std::string(share::jobs_directory)));
  return watch_->add(directory_);
}

void Agent::write_info() {
  std::string info = std::to_string(getpid()) + " " + std::string(version) + " " +
                     std::to_string(worker::protocol_major) + "." + std::to_string(worker::protocol_minor) +
                     "\n";
  (void)place_->files().publish(directory_ + "/info", info, false, true);
}

int Agent::run() {
  spdlog::info("agent {} serves {} with {} cores", version, place_->path(), settings_.cores);
  (void)place_->files().remove(directory_ + "/retire");
  idle_since_ = monotonic_now();
  scan_active();
  schedule();
  kill_strays();
  place_->sweep();
  while (terminated == 0) {
    if (jobs_.empty() && waiting_.empty() && (retire_ || idle_too_long())) {
      // A client that publishes and then finds the lock free starts an agent; one that found it held
      // published before this scan.
      release_lock();
      scan_active();
      if (waiting_.empty()) break;
      auto again = take_lock();
      if (!again || !*again) break;
    }
    wait_and_dispatch();
    schedule();
  }
  hosts_.clear();
  share::release_unused_programs(*place_);
  spdlog::info("agent ends");
  return 0;
}

bool Agent::idle_too_long() {
  return monotonic_now() - idle_since_ >= settings_.idle_exit_ns;
}

/// Processes of this place that no living supervisor is above of: their supervisor and the agent of that
/// time were killed together.
void Agent::kill_strays() {
  std::set<std::int32_t> own;
  for (std::int32_t pid : processes_.descendants(getpid())) own.insert(pid);
  std::vector<std::int32_t> marked = processes_.with_environment(place_mark(*place_));
  std::set<std::int32_t> supervised;
  for (std::int32_t pid : marked) {
    if (!is_supervisor(pid)) continue;
    supervised.insert(pid);
    for (std::int32_t below : processes_.descendants(pid)) supervised.insert(below);
  }
  for (std::int32_t pid : marked) {
    if (own.contains(pid) || supervised.contains(pid) || pid == getpid()) continue;
    spdlog::info("ends process {}, left by a killed supervisor", pid);
    processes_.signal(pid, SIGKILL);
  }
}

int run_agent(const std::string& share_dir) {
  daemonize();
  AgentSettings settings;
  settings.share_dir = share_dir;
  // Not its path: the file may be replaced while this process lives.
  settings.command = "/proc/self/exe";
  settings.cores = cores_from_environment(count_cores());
  settings.idle_exit_ns = seconds_from_environment("ERRAND_AGENT_IDLE", settings.idle_exit_ns);
  settings.host_idle_ns = seconds_from_environment("ERRAND_WORKER_IDLE", settings.host_idle_ns);
  mallopt(M_TRIM_THRESHOLD, 1 << 20);
  auto agent = Agent::start(std::move(settings));
  if (!agent) return agent.error().code == ErrorCode::exists ? 0 : 1;
  return (*agent)->run();
}

}  // namespace errand::engine::local
