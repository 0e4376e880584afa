// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace errand::worker {

/// ERRAND_JOB, ERRAND_TASK and ERRAND_ATTEMPT of this process, updated in place: ten million tasks neither
/// leak nor search the environment.
class TaskEnvironment {
 public:
  explicit TaskEnvironment(const std::string& job);
  ~TaskEnvironment();
  TaskEnvironment(const TaskEnvironment&) = delete;
  TaskEnvironment& operator=(const TaskEnvironment&) = delete;

  /// Puts the variables (back) in their place: a task may have removed them.
  void install();
  void set(std::uint64_t task, std::uint32_t attempt);

 private:
  std::string job_;
  std::array<char, 40> task_;
  std::array<char, 40> attempt_;
  std::uint32_t attempt_written_ = 0;
};

}  // namespace errand::worker
