// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "function/command_template.h"
#include "system/processes.h"
#include "worker/task_runner.h"

namespace errand::functions {

/// Runs each task as one process of a program, which has ended when run() returns. The program's standard
/// output and error are this process's, its input is empty; it dies with this process.
class ProgramRunner final : public worker::TaskRunner {
 public:
  Result<void> prepare(const share::TaskSource& job) override;
  std::optional<TaskFailure> run(std::uint64_t task, std::uint32_t attempt,
                                 std::span<const std::byte> arguments, ValueSink& sink) override;

 private:
  void fill_request(std::uint64_t task, std::uint32_t attempt);

  CommandTemplate command_;
  std::string job_;
  std::optional<std::uint64_t> seed_;
  std::uint64_t oom_kills_ = 0;
  std::int64_t counted_ns_ = 0;   ///< when
  system::SpawnRequest request_;  ///< its last three variables are the task's own
};

}  // namespace errand::functions
