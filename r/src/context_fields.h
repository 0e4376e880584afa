// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "errand/compute_context.h"
#include "errand/exec.h"
#include "errand/job.h"
#include "r_api.h"

/// Plain values between R and the core.
namespace errand::r {

/// The list that R's context_fields() makes. Throws std::invalid_argument for what can be no context.
[[nodiscard]] ComputeContext context_of(SEXP fields);
/// May jump.
[[nodiscard]] SEXP context_to_r(const ComputeContext& context);

[[nodiscard]] JobRef job_of(SEXP job);
/// c(id, place). May jump.
[[nodiscard]] SEXP job_to_r(const JobRef& job);

[[nodiscard]] std::optional<bool> maybe_flag(SEXP flag);
[[nodiscard]] ExecOptions exec_options_of(SEXP fields);

/// May jump.
[[nodiscard]] SEXP status_to_r(const StatusReport& report);

}  // namespace errand::r
