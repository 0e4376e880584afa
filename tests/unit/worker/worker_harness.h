// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "errand/exec.h"
#include "errand/function.h"
#include "journal/outcome.h"
#include "share/job_directory.h"
#include "share/place.h"
#include "worker/protocol.h"
#include "worker/task_runner.h"

/// Jobs in a place of their own, and workers and supervisors as real processes.
namespace errand::worker {

class TemporaryPlace {
 public:
  TemporaryPlace();
  ~TemporaryPlace();
  [[nodiscard]] share::Place& place() const { return *place_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string read(const std::string& id, const std::string& name) const;
  [[nodiscard]] std::string file(const std::string& id, const std::string& name) const;

 private:
  std::string path_;
  std::shared_ptr<share::Place> place_;
};

/// A manifest for `tasks` of a call, to be changed before publish().
struct JobDraft {
  share::Manifest manifest;
  std::string shared_arguments;
  std::uint64_t tasks = 1;
  std::function<void(std::uint64_t, std::string&)> encode_task;
};
[[nodiscard]] JobDraft draft_of(const detail::FunctionCall& call, std::uint64_t tasks);
[[nodiscard]] JobDraft draft_of_program(std::vector<std::string> command, std::uint64_t tasks);
template <class R, class... P, class... A>
[[nodiscard]] JobDraft draft(const Function<R, P...>& function, std::uint64_t tasks, A... arguments) {
  auto shared = std::make_shared<const std::tuple<A...>>(std::move(arguments)...);
  return draft_of(detail::make_call(function, shared, std::index_sequence_for<P...>{}), tasks);
}
/// Its id.
std::string publish(const TemporaryPlace& place, const JobDraft& draft);

/// An outcome as it was read back, its value in memory.
struct ReadOutcome {
  std::uint32_t attempt = 0;
  FailureCause cause = FailureCause::none;
  Codec codec = Codec::none;
  std::string bytes;
  bool stored = false;
  std::optional<journal::ConsoleSpan> console;
  std::optional<journal::Usage> usage;
  TaskFailure failure;
};
struct ReadLog {
  std::map<std::uint64_t, ReadOutcome> outcomes;
  std::vector<std::uint64_t> order;  ///< of the tasks
  std::uint64_t durable = 0;         ///< outcomes before the last sync mark
  std::string dropped;
};
[[nodiscard]] ReadLog read_log(const TemporaryPlace& place, const std::string& id,
                               const share::WorkerKey& key = {0, 1, 1});

/// This process's end of a channel to a worker.
class WorkerChannel {
 public:
  explicit WorkerChannel(int channel) : channel_(channel) {}
  ~WorkerChannel() { hang_up(); }
  WorkerChannel(WorkerChannel&& other) noexcept : channel_(std::exchange(other.channel_, -1)) {}
  WorkerChannel& operator=(WorkerChannel&&) = delete;

  void send_job(const TemporaryPlace& place, const std::string& id, std::uint64_t first, std::uint64_t count,
                std::uint16_t flags = range_last, std::uint32_t attempt = 0);
  void send_range(std::uint64_t first, std::uint64_t count, std::uint16_t flags = 0,
                  std::uint32_t attempt = 0);
  void send_finish();
  /// The next message, or nothing when the worker is gone.
  std::optional<Message> next();
  void hang_up();

 private:
  int channel_;
};

/// A worker forked from the test.
class ForkedWorker {
 public:
  explicit ForkedWorker(const std::function<void()>& before = {});
  ~ForkedWorker();
  WorkerChannel& channel() { return *channel_; }
  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Waits for its end; the wait status.
  int wait();

 private:
  pid_t pid_ = 0;
  std::unique_ptr<WorkerChannel> channel_;
};

/// Runs tasks [0, count) of the job in a worker of their own; the wait status.
int run_whole(const TemporaryPlace& place, const std::string& id, std::uint64_t count);

/// This test program, as a worker's command.
[[nodiscard]] std::string own_program();

/// A supervisor process.
class SupervisorProcess {
 public:
  explicit SupervisorProcess(const StartSpec& spec);
  ~SupervisorProcess();
  void tell(const Message& message) const;
  /// The next message, or nothing when it is gone.
  std::optional<Message> next();
  /// The next message of that type; others are dropped. Fails the test if it never comes.
  Message next_of(MessageType type);
  /// Waits for a spare and gives its channel; `pid` is told its pid.
  WorkerChannel take_spare(std::int64_t& pid);
  void send_busy(const TemporaryPlace& place, const std::string& id, std::int64_t worker,
                 std::int64_t limit_ms, std::int64_t console_limit = 0) const;
  void hang_up();
  [[nodiscard]] pid_t pid() const { return pid_; }
  int wait();

 private:
  pid_t pid_ = 0;
  int control_ = -1;
};

/// Waits until `condition` holds, for at most some seconds.
[[nodiscard]] bool eventually(const std::function<bool()>& condition);
/// False for zombies, too.
[[nodiscard]] bool is_running(pid_t pid);

}  // namespace errand::worker
