// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "errand/error.h"
#include "errand/exec.h"

namespace errand::functions {

struct RunHereOptions {
  std::uint64_t tasks = 1;
  std::optional<std::uint64_t> seed;
  bool continue_on_failure = true;
};

/// Runs the call's tasks one after the other in this thread and hands each outcome to `visitor`: what a
/// waiting LocalSeq does. No job, no capture, no limits. What a task throws becomes its failure.
/// Errors: not_found, invalid_argument (see prepare_function); job_failed (the first failure, if
/// continue_on_failure is off); what the visitor gives.
[[nodiscard]] Result<void> run_here(const detail::FunctionCall& call, const RunHereOptions& options,
                                    detail::OutcomeVisitor& visitor);

}  // namespace errand::functions
