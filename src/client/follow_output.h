// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "client/console_text.h"
#include "errand/job.h"
#include "journal/log_reader.h"
#include "share/job_directory.h"

namespace errand::client {

/// Whole lines of a job's tasks as they arrive, each after "[task] " ("[after task k] " for what a task's
/// children write when it has ended). A line's task is known once the task's outcome is recorded. Text that
/// no outcome has claimed after `claim_patience` is the task's that its worker had in hand when the text was
/// first seen: an earlier one would have been recorded by then.
class OutputFollower {
 public:
  /// A worker records an ended task's outcome within 10 ms; the rest is for a busy machine.
  static constexpr std::chrono::milliseconds claim_patience{30};
  using Moment = std::chrono::steady_clock::time_point;

  OutputFollower(share::JobDirectory& job, const TextSink& sink, std::optional<std::uint64_t> only)
      : job_(job), sink_(sink), only_(only) {}

  /// Hands on what is new; when to look again even if nothing changes. Errors: place_unreadable.
  Result<std::chrono::milliseconds> look(Moment now, bool job_ended);
  /// Hands on lines that nobody ended.
  void finish();

 private:
  /// Text without an owner on record, seen at `since`.
  struct Unclaimed {
    std::uint64_t end = 0;
    std::optional<std::uint64_t> task;  ///< in hand when it was seen
    Moment since;
  };
  struct Worker {
    std::unique_ptr<journal::LogReader> log;
    std::unique_ptr<system::File> console;
    std::uint64_t shown = 0;             ///< of the console file
    std::optional<std::uint64_t> last;   ///< the last task with a recorded span
    std::string prefix;                  ///< of `line`
    std::optional<std::uint64_t> owner;  ///< of `line`
    std::string line;                    ///< not ended yet
    std::optional<Unclaimed> unclaimed;
  };
  Result<void> look_at(const share::WorkerKey& key, Worker& worker, Moment now, bool job_ended);
  Result<void> take_recorded(Worker& worker);
  Result<void> take_unclaimed(Worker& worker, const Unclaimed& seen, bool job_ended);
  bool open(const share::WorkerKey& key, Worker& worker);
  Result<void> show(Worker& worker, std::uint64_t end, std::uint64_t task, bool late);
  void take_text(Worker& worker, std::string_view text);
  void hand_on(Worker& worker);
  void end_line(Worker& worker);

  share::JobDirectory& job_;
  const TextSink& sink_;
  std::optional<std::uint64_t> only_;
  std::map<share::WorkerKey, Worker> workers_;
};

/// Follows until the job has ended. Errors: place_unreadable.
[[nodiscard]] Result<void> follow_output(share::JobDirectory& job, const TextSink& sink,
                                         std::optional<std::uint64_t> only);

}  // namespace errand::client
