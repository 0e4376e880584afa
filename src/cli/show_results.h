// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "cli/session.h"

namespace errand::cli {

struct ShowOptions {
  bool partial = false;
  bool cleanup = false;               ///< remove the artifacts once everything is written out
  bool console = false;               ///< the tasks' console text first
  std::optional<bool> with_output;    ///< each program's output beside its exit; unset: yes
  bool raw = false;                   ///< the value's bytes as they are; needs `task`
  std::optional<std::uint64_t> task;  ///< this one only
};

/// Prints a job's results and says how they are. Removes nothing unless told to, and then only after
/// standard output was closed without an error. Errors: as get_job_results.
[[nodiscard]] Result<ExitCode> show_results(Session& session, const JobRef& job, const ShowOptions& options);

}  // namespace errand::cli
