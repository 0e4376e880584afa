// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "errand/error.h"
#include "share/task_source.h"
#include "system/files.h"

namespace errand::client {

/// Appends tasks to a job file in durable groups: what is appended while one group is being synced makes
/// the next. A thread of its own writes, at the latest group_interval after the first append of a group.
/// Thread-safe. After a failed write the file's tail is unknown: every later call gives that error.
class GroupWriter {
 public:
  static constexpr std::chrono::microseconds group_interval{1000};
  /// Told after each group that is durable, by the writing thread.
  using Written = std::function<void()>;

  /// `file`: the `job` file, open for appending, with `total` whole tasks; `closed`: none may follow.
  GroupWriter(std::unique_ptr<system::File> file, std::uint64_t total, bool closed, Written written);
  GroupWriter(const GroupWriter&) = delete;
  GroupWriter& operator=(const GroupWriter&) = delete;
  /// Writes what waits.
  ~GroupWriter();

  /// The task's index. Errors: invalid_argument (closed), or what an earlier write failed with.
  Result<std::uint64_t> append(std::string_view arguments);
  /// Returns when everything appended before is durable.
  Result<void> flush();
  /// The last group. Idempotent.
  Result<void> close();

  [[nodiscard]] std::uint64_t total() const;
  [[nodiscard]] bool closed() const;

 private:
  void run();
  void write_group(std::unique_lock<std::mutex>& lock);
  Result<void> wait_written(std::unique_lock<std::mutex>& lock);

  std::unique_ptr<system::File> file_;  ///< used by the writing thread alone
  Written written_;
  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable done_;
  share::JobFileBuilder builder_;
  std::uint64_t asked_ = 0;    ///< appends and closes so far
  std::uint64_t durable_ = 0;  ///< of them
  bool hurry_ = false;         ///< somebody waits for the group
  bool closed_ = false;
  bool ending_ = false;
  std::optional<Error> failure_;
  std::thread thread_;
};

}  // namespace errand::client
