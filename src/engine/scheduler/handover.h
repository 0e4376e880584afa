// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "engine/scheduler/command.h"
#include "engine/scheduler/dialect.h"
#include "errand/error.h"

namespace errand::engine::scheduler {

/// A submission, ready to be made.
struct Handover {
  Command command;              ///< its input is the submit script, where the scheduler reads that
  std::string script;           ///< the same text
  std::string template_origin;  ///< a path, or "built in"
};

/// The scheduler's name of a job's n-th array.
[[nodiscard]] std::string scheduler_job_name(const std::string& id, std::uint32_t submission);

/// Everything between the plan of an array and the scheduler's own command: the errand command that the
/// nodes run, the nodes, the template. Asks the scheduler for its nodes if the option `nodes` is there;
/// submits nothing, writes nothing. Errors: invalid_argument (an option, a template), engine_unavailable.
[[nodiscard]] Result<Handover> compose(const Dialect& dialect, ArrayRequest request);

}  // namespace errand::engine::scheduler
