// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <csignal>
#include <set>
#include <thread>

#include "system/processes.h"

namespace errand::system {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

// A killed process that is still there after this waits for a device or a file server.
constexpr auto patience = 5s;
// For all of it, however many new ones turn up.
constexpr auto longest = 60s;
// Who still forks faster than we stop is killed as far as it was seen, and the rest comes next time.
constexpr int most_looks = 1000;
constexpr std::chrono::microseconds first_pause = 100us;
constexpr std::chrono::microseconds longest_pause = 5ms;

class Killing {
 public:
  Killing(Processes& processes, std::int32_t root, const std::vector<std::int32_t>& spared)
      : processes_(processes), root_(root), spared_(spared) {}

  /// True if somebody was there who had not been stopped before.
  bool stop_all();
  void kill_all();
  /// Collects what has ended; true if nothing is left.
  bool is_over();

 private:
  [[nodiscard]] std::vector<ProcessId> living() const;

  Processes& processes_;
  std::int32_t root_;
  const std::vector<std::int32_t>& spared_;
  std::set<std::pair<std::int32_t, std::uint64_t>> stopped_;
};

std::vector<ProcessId> Killing::living() const {
  std::vector<std::int32_t> pids = processes_.descendants(root_);
  // Asked afterwards, so that a child they start between the two questions is spared too.
  std::set<std::int32_t> spared(spared_.begin(), spared_.end());
  for (const std::int32_t pid : spared_) {
    const auto below = processes_.descendants(pid);
    spared.insert(below.begin(), below.end());
  }
  std::vector<ProcessId> found;
  for (const std::int32_t pid : pids) {
    if (spared.contains(pid)) continue;
    const auto process = processes_.find(pid);
    if (process && processes_.is_alive(*process))
      found.push_back(*process);
    else
      processes_.reap(pid);
  }
  return found;
}

// Until a look finds nobody who was not stopped before: only those still running can fork.
bool Killing::stop_all() {
  const std::size_t before = stopped_.size();
  bool found_new = true;
  for (int look = 0; found_new && look < most_looks; ++look) {
    found_new = false;
    for (const ProcessId& process : living()) {
      if (!stopped_.emplace(process.pid, process.start).second) continue;
      processes_.signal(process.pid, SIGSTOP);
      found_new = true;
    }
  }
  return stopped_.size() > before;
}

// The kernel's lists of children leave some out while others of them end: a spared one may have been taken
// for another, and stopped. It goes on; whoever is seen again is stopped again.
void Killing::kill_all() {
  std::set<std::pair<std::int32_t, std::uint64_t>> killed;
  for (const ProcessId& process : living()) {
    processes_.signal(process.pid, SIGKILL);
    killed.emplace(process.pid, process.start);
  }
  for (const auto& [pid, start] : stopped_) {
    const auto process = killed.contains({pid, start}) ? std::nullopt : processes_.find(pid);
    if (process && process->start == start && processes_.is_alive(*process)) processes_.signal(pid, SIGCONT);
  }
  stopped_ = std::move(killed);
}

// Twice, because a look at a moving tree may miss somebody.
bool Killing::is_over() {
  return living().empty() && living().empty();
}

}  // namespace

void kill_descendants(Processes& processes, std::int32_t root, const std::vector<std::int32_t>& spared) {
  Killing killing(processes, root, spared);
  const auto begin = SteadyClock::now();
  auto last_new = begin;
  for (auto pause = first_pause; !killing.is_over(); pause = std::min(pause * 2, longest_pause)) {
    if (killing.stop_all()) last_new = SteadyClock::now();
    killing.kill_all();
    const auto now = SteadyClock::now();
    if (killing.is_over() || now > last_new + patience || now > begin + longest) return;
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace errand::system
