// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "errand/function.h"
#include "errand/random.h"

namespace errand::functions {

/// What this thread knows about the task it runs.
struct TaskState {
  CurrentTask task;
  std::optional<std::uint64_t> seed;
  bool running = false;
  std::optional<Random> random;  ///< made at the task's first draw
};

/// This thread's.
[[nodiscard]] TaskState& task_state() noexcept;

/// Makes this thread the one that runs tasks of a job; the destructor brings back what was before (a task
/// may itself run tasks).
class TaskScope {
 public:
  TaskScope(std::string job, std::optional<std::uint64_t> seed);
  ~TaskScope();
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;

  /// The next task begins.
  static void enter(std::uint64_t task, std::uint32_t attempt) noexcept {
    TaskState& state = task_state();
    state.task.index = task;
    state.task.attempt = attempt;
    state.running = true;
    state.random.reset();
  }

 private:
  TaskState before_;
};

/// Forgets this thread's generator outside tasks: a forked child must not repeat its parent's draws.
void forget_random() noexcept;

}  // namespace errand::functions
