// SPDX-License-Identifier: Apache-2.0
#include "function/task_state.h"

#include <utility>

namespace errand {
namespace functions {

TaskState& task_state() noexcept {
  thread_local TaskState state;
  return state;
}

TaskScope::TaskScope(std::string job, std::optional<std::uint64_t> seed) {
  before_ = std::exchange(task_state(), TaskState{});
  task_state().task.job = std::move(job);
  task_state().seed = seed;
}

TaskScope::~TaskScope() {
  task_state() = std::move(before_);
}

}  // namespace functions

CurrentTask current_task() {
  const functions::TaskState& state = functions::task_state();
  return state.running ? state.task : CurrentTask{};
}

}  // namespace errand
