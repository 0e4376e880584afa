// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "errand/error.h"
#include "errand/job.h"
#include "share/job_directory.h"
#include "share/outcome_index.h"

namespace errand::client {

/// A piece of a worker's console file and whose it is.
struct ConsolePiece {
  std::uint64_t task = 0;
  /// Written after the task had ended, by what it left running.
  bool late = false;
  share::WorkerKey worker;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// Which bytes of one worker's console file belong to which task. Outcomes are taken in the order they
/// lie in the log. Pure.
class ConsoleMap {
 public:
  explicit ConsoleMap(const share::WorkerKey& worker) : worker_(worker) {}

  /// What lies between the last task's text and `begin` is the last task's late text. Spans that do not
  /// follow each other are ignored.
  void take(std::uint64_t task, std::uint64_t begin, std::uint64_t end, bool counts);
  /// What lies behind the last span, up to the end of the file: the task's that the worker has in hand,
  /// else late.
  void finish(std::uint64_t file_end, std::optional<std::uint64_t> current_task);

  [[nodiscard]] std::uint64_t end() const { return end_; }
  [[nodiscard]] std::optional<std::uint64_t> last_task() const { return last_; }
  std::vector<ConsolePiece> pieces;

 private:
  share::WorkerKey worker_;
  std::uint64_t end_ = 0;
  std::optional<std::uint64_t> last_;
};

/// The console text of a job as it is now, in task order.
class ConsoleText {
 public:
  /// `task`: of this one only. Errors: job_missing, place_unreadable, corrupt.
  static Result<ConsoleText> gather(share::JobDirectory& job, std::optional<std::uint64_t> task);
  /// Hands the text on in pieces of bounded size; `next_task`, if set, is told whose text comes next.
  Result<void> write(const TextSink& sink, const std::function<void(std::uint64_t)>& next_task = {});

 private:
  explicit ConsoleText(share::JobDirectory& job) : job_(&job) {}
  Result<void> add_worker(const share::OutcomeIndex& index, const share::WorkerKey& worker);
  Result<void> write_piece(const ConsolePiece& piece, const TextSink& sink);
  Result<void> write_bytes(system::File& file, std::uint64_t begin, std::uint64_t end, const TextSink& sink);
  Result<system::File*> file_of(const share::WorkerKey& worker);

  share::JobDirectory* job_;
  std::uint64_t limit_ = 0;  ///< of one task's text; 0: none
  std::vector<ConsolePiece> pieces_;
  share::WorkerKey open_worker_;
  std::unique_ptr<system::File> open_;
  bool at_line_begin_ = true;
};

}  // namespace errand::client
