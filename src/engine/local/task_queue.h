// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

namespace errand::engine::local {

/// Tasks first .. first + count - 1, started with that attempt number.
struct TaskRange {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  std::uint32_t attempt = 0;
  bool operator==(const TaskRange&) const = default;
};

/// The tasks of a job that nobody holds, as runs. Pure.
class TaskQueue {
 public:
  void add(TaskRange range);
  /// At most `most` tasks from the front. Requires !empty() and most > 0.
  [[nodiscard]] TaskRange take(std::uint64_t most);
  /// Takes one task out, if it waits; its range of one.
  [[nodiscard]] std::optional<TaskRange> remove(std::uint64_t task);
  void clear();
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

 private:
  std::deque<TaskRange> runs_;
  std::uint64_t size_ = 0;
};

/// How many tasks to hand to a worker at once: guided self-scheduling (a share of what waits, so that the
/// last pieces are small) that learns how long a task takes (so that a piece is never more than about
/// `piece_us` of work, and long tasks go one by one).
struct PieceSize {
  static constexpr double piece_us = 50'000;

  std::uint64_t fixed = 0;  ///< the user's chunk size; 0: guided
  double task_us = -1;      ///< latest mean; negative: not known yet

  [[nodiscard]] std::uint64_t next(std::uint64_t waiting, std::uint64_t workers) const;
  void learn(std::uint64_t tasks, std::uint64_t elapsed_us);
};

}  // namespace errand::engine::local
