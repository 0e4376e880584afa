// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>

#include "errand/function.h"
#include "function/task_state.h"
#include "worker/task_runner.h"

namespace errand::functions {

/// Runs tasks of functions that this program registered.
class CxxRunner final : public worker::TaskRunner {
 public:
  Result<void> prepare(const share::TaskSource& job) override;
  std::optional<TaskFailure> run(std::uint64_t task, std::uint32_t attempt,
                                 std::span<const std::byte> arguments, ValueSink& sink) override;

 private:
  std::unique_ptr<detail::PreparedFunction> prepared_;
  std::optional<TaskScope> scope_;
  bool memory_limited_ = false;
};

/// The registered function with its shared arguments decoded. `signature`: as at submission; empty: any.
/// Errors: not_found, invalid_argument (it has changed since, or the arguments are not its own).
[[nodiscard]] Result<std::unique_ptr<detail::PreparedFunction>> prepare_function(
    std::string_view name, std::string_view signature, std::span<const std::byte> shared);

}  // namespace errand::functions
