// SPDX-License-Identifier: Apache-2.0
#include "engine/local/task_queue.h"

#include <algorithm>

namespace errand::engine::local {

void TaskQueue::add(TaskRange range) {
  if (range.count == 0) return;
  size_ += range.count;
  if (!runs_.empty()) {
    TaskRange& last = runs_.back();
    if (last.attempt == range.attempt && last.first + last.count == range.first) {
      last.count += range.count;
      return;
    }
  }
  runs_.push_back(range);
}

TaskRange TaskQueue::take(std::uint64_t most) {
  TaskRange& front = runs_.front();
  TaskRange taken{front.first, std::min(most, front.count), front.attempt};
  front.first += taken.count;
  front.count -= taken.count;
  size_ -= taken.count;
  if (front.count == 0) runs_.pop_front();
  return taken;
}

std::optional<TaskRange> TaskQueue::remove(std::uint64_t task) {
  for (auto run = runs_.begin(); run != runs_.end(); ++run) {
    if (task < run->first || task >= run->first + run->count) continue;
    TaskRange before{run->first, task - run->first, run->attempt};
    TaskRange after{task + 1, run->first + run->count - task - 1, run->attempt};
    TaskRange taken{task, 1, run->attempt};
    run = runs_.erase(run);
    if (after.count > 0) run = runs_.insert(run, after);
    if (before.count > 0) runs_.insert(run, before);
    --size_;
    return taken;
  }
  return std::nullopt;
}

void TaskQueue::clear() {
  runs_.clear();
  size_ = 0;
}

std::uint64_t PieceSize::next(std::uint64_t waiting, std::uint64_t workers) const {
  if (fixed > 0) return std::min(fixed, waiting);
  if (task_us < 0) return 1;
  std::uint64_t share = std::max<std::uint64_t>(1, waiting / (2 * std::max<std::uint64_t>(1, workers)));
  auto timed = static_cast<std::uint64_t>(piece_us / std::max(task_us, 0.01));
  return std::min(share, std::max<std::uint64_t>(1, timed));
}

void PieceSize::learn(std::uint64_t tasks, std::uint64_t elapsed_us) {
  if (tasks == 0) return;
  task_us = static_cast<double>(elapsed_us) / static_cast<double>(tasks);
}

}  // namespace errand::engine::local
