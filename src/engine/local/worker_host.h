// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "engine/local/task_queue.h"
#include "share/names.h"
#include "share/progress_page.h"
#include "system/files.h"
#include "system/processes.h"
#include "worker/protocol.h"

namespace errand::engine::local {

class RunningJob;

/// The agent's side of one supervisor and what runs below it: a warm parent of one program and
/// environment, and the worker it forked last. Owns the channels; the processes end when it goes.
class WorkerHost {
 public:
  enum class State : std::uint8_t {
    starting,  ///< no worker yet, or its last one is being cleared away
    ready,     ///< a worker waits for a job
    busy,      ///< its worker has a job
    gone,      ///< the supervisor is dead, or no worker can be had from it
  };
  /// Starts the supervisor. Errors: engine_unavailable, system.
  static Result<std::unique_ptr<WorkerHost>> start(system::Processes& processes, const std::string& command,
                                                   const worker::StartSpec& spec, std::string key);
  WorkerHost(const WorkerHost&) = delete;
  WorkerHost& operator=(const WorkerHost&) = delete;
  ~WorkerHost();

  /// Gives the waiting worker a job and its first range. Requires ready.
  Result<void> begin(RunningJob& job, const TaskRange& range, std::uint16_t flags, std::int64_t now);
  /// Hands the worker its next range. Requires busy and idle().
  Result<void> hand(const TaskRange& range, std::uint16_t flags, std::int64_t now);
  Result<void> finish();
  /// Kills the worker and all it started; `ended` will come.
  void kill_worker();
  /// Asks the worker to end its range after the task in hand.
  void stop_range(system::Files& files, const std::string& progress_path);

  [[nodiscard]] bool idle() const { return state == State::busy && !range && !finishing; }
  void close_worker_channel();

  State state = State::starting;
  std::string key;      ///< which jobs it can run: program, command and environment
  std::string program;  ///< the path it starts: that of the job it was made for
  std::int32_t supervisor = 0;
  int control = -1;
  int channel = -1;  ///< to the worker that waits or runs
  std::int32_t worker_pid = 0;
  RunningJob* job = nullptr;
  share::WorkerKey worker;
  std::optional<TaskRange> range;  ///< what the worker holds
  std::int64_t range_began = 0;    ///< monotonic ns
  std::int64_t idle_since = 0;
  bool stop_asked = false;
  bool kill_asked = false;
  bool finishing = false;  ///< it was told that no more comes
  bool closed = false;     ///< it said that its log is complete and durable

 private:
  WorkerHost() = default;
};

}  // namespace errand::engine::local
