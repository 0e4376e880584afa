// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/local/part.h"
#include "engine/local/running_job.h"
#include "engine/local/trash_sweeper.h"
#include "engine/local/worker_host.h"
#include "errand/error.h"
#include "share/place.h"
#include "system/clock.h"
#include "system/processes.h"

namespace errand::engine::local {

/// What an agent is told when it starts.
struct AgentSettings {
  std::string share_dir;
  std::string command;  ///< its own executable, for supervisors and program workers
  std::uint64_t cores = 1;
  std::int64_t idle_exit_ns = 600'000'000'000;  ///< without jobs
  std::int64_t host_idle_ns = 300'000'000'000;  ///< a warm parent without jobs
  std::optional<Part> part = {};                ///< inside an allocation of a scheduler
};

/// Nanoseconds of the monotonic clock.
[[nodiscard]] inline std::int64_t monotonic_now() {
  return system::system_clock().monotonic_ns();
}

/// A range this old is split when cores are free.
inline constexpr std::int64_t split_age_ns = 200'000'000;
/// Jobs read before a core is free for them, so that the next start is quick.
inline constexpr std::size_t read_ahead = 4;

/// The local agent: one per user, host, boot, pid namespace and place. Single-threaded, but for the unlinking
/// of removed jobs; sleeps in poll until a file, a process or a message wakes it. Everything it knows can be
/// read again from disk: it may be killed at any instruction.
class Agent {
 public:
  /// Takes the world's lock. Errors: exists (another agent has it), place_unreadable, place_unwritable.
  static Result<std::unique_ptr<Agent>> start(AgentSettings settings);
  /// Inside an allocation: serves the part. The exit code, and whether tasks of it are left.
  struct PartServed {
    int code = 0;
    bool rest = false;
  };
  PartServed run_part();
  /// Serves until idle for long enough, asked to retire, or terminated. The exit code.
  int run();

 private:
  Agent(AgentSettings settings, std::shared_ptr<share::Place> place);
  Result<bool> take_lock();
  void release_lock();
  Result<void> watch();
  void write_info();

  // Events (agent_events.cc).
  void wait_and_dispatch();
  void take_changes();
  void take_host_message(WorkerHost& host);
  void take_worker_message(WorkerHost& host);
  void on_spare(WorkerHost& host, const worker::Message& message);
  void on_ended(WorkerHost& host, const worker::Message& message);
  void on_broken(WorkerHost& host, const worker::Message& message);
  [[nodiscard]] bool is_of_a_job(const std::string& key, const std::string& program) const;
  void on_host_gone(WorkerHost& host);
  void on_done(WorkerHost& host, const worker::Message& message);
  static void on_closed(WorkerHost& host);
  void take_orphans();
  [[nodiscard]] int next_timeout_ms() const;

  // Jobs and workers (agent_schedule.cc).
  void scan_active();
  void published(const std::string& id);
  void rung(const std::string& id);
  RunningJob* admit(const std::string& id);
  void schedule();
  void feed_idle_workers(RunningJob& job);
  void staff(RunningJob& job);
  [[nodiscard]] WorkerHost* splittable(const RunningJob& job) const;
  void split_long_range(RunningJob& job);
  bool begin(RunningJob& job, WorkerHost& host);
  [[nodiscard]] std::uint16_t flags_for(const RunningJob& job) const;
  [[nodiscard]] std::uint64_t busy_cores() const;
  WorkerHost* find_ready_host(const std::string& key);
  void start_host(RunningJob& job);
  void start_reserve(RunningJob& job);
  void end_workers(RunningJob& job);
  void detach(WorkerHost& host);
  void settle_finished();
  void drop_idle_hosts();
  void check(RunningJob& job, const Result<void>& outcome, const char* doing);

  // Idling and ending (agent.cc).
  bool idle_too_long();
  void kill_strays();

  // Inside an allocation (allocation.cc).
  void heed_scheduler();
  void leave_tasks_in_hand();
  [[nodiscard]] bool scheduler_ends_us() const;

  AgentSettings settings_;
  std::shared_ptr<share::Place> place_;
  system::Processes& processes_;
  std::string directory_;
  TrashSweeper sweeper_;
  std::unique_ptr<system::File> lock_;
  std::unique_ptr<system::Watch> watch_;
  std::list<std::unique_ptr<RunningJob>> jobs_;  ///< in the order they were admitted
  std::deque<std::string> waiting_;              ///< ids rung and not admitted yet
  std::set<std::string> known_;                  ///< ids in waiting_
  std::map<std::string, int> broken_;            ///< by host key: warm parents that did not come up
  std::vector<std::unique_ptr<WorkerHost>> hosts_;
  std::int64_t idle_since_ = 0;
  bool retire_ = false;
  bool retire_asked_ = false;
  // Inside an allocation.
  std::int64_t began_ = 0;   ///< monotonic ns
  std::int64_t looked_ = 0;  ///< at what others wrote
  bool left_tasks_ = false;
  bool part_failed_ = false;
  bool part_rest_ = false;
};

/// The life of an agent process: leaves the submitter's session, takes the lock, serves. The exit code.
[[nodiscard]] int run_agent(const std::string& share_dir);

}  // namespace errand::engine::local
