// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>

#include "cli/session.h"

namespace errand::cli {

/// Waits until the job has ended, with a progress bar if standard error is a terminal. Ctrl-C ends the
/// wait, not the job. Errors: as wait_for_job; `timeout` and `interrupted` name the way back.
[[nodiscard]] Result<StatusReport> watch_job(Session& session, const JobRef& job,
                                             std::optional<std::chrono::milliseconds> timeout);

}  // namespace errand::cli
