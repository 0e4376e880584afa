// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "database/connection.h"

namespace errand::database {

/// A job's directory with the content of its small files.
struct Snapshot {
  struct Content {
    std::string bytes;
    std::int64_t modified_us = 0;
  };
  std::vector<std::string> names;
  std::map<std::string, Content> files;  ///< those that were sent whole
  std::int64_t modified_us = 0;          ///< of its files
};

/// Of the rows from `begin` to before `end`, whose columns from `column` on are those of
/// statements::list_blocks.
[[nodiscard]] Snapshot snapshot_of(const Rows& rows, std::size_t begin, std::size_t end, int column);

/// What was brought along of jobs' small files by listing one of them, or because somebody is about to read
/// many. Good for one reading of each. Thread-safe.
class ReadAhead {
 public:
  using Content = Snapshot::Content;

  /// Whoever lists a job mostly reads it next. Good for a moment: after any further question of this session
  /// it is good for nothing, because what is read behind an answer must not be older than the answer.
  /// `asked`: the session's count of questions with this one.
  void keep(const std::string& directory, Snapshot snapshot, std::uint64_t asked);
  /// For this thread, until it forgets them or keeps others. Gives the batch's number.
  std::uint64_t keep_batch(std::map<std::string, Snapshot> snapshots);
  void forget_batch(std::uint64_t number);

  /// The whole file as it was then; nothing if that is too long ago or did not bring it.
  std::optional<Content> take(const std::string& directory, const std::string& file, std::uint64_t asked);
  /// Of this thread's batch.
  std::optional<std::vector<std::string>> take_names(const std::string& directory);
  std::optional<std::int64_t> modified_us(const std::string& directory);

 private:
  struct Batch {
    std::uint64_t number = 0;
    std::map<std::string, Snapshot> snapshots;
  };
  Snapshot* of_batch(const std::string& directory);

  std::mutex mutex_;
  std::string directory_;
  std::map<std::string, Content> files_;
  std::uint64_t asked_ = 0;
  std::chrono::steady_clock::time_point kept_;
  std::map<std::thread::id, Batch> batches_;
  std::uint64_t batches_kept_ = 0;
};

}  // namespace errand::database
