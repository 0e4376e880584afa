// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include "errand/error.h"
#include "errand/job_status.h"

namespace errand::cli {

/// What the command's end tells a script. The numbers are documented in errand(1) and do not change.
enum class ExitCode : int {
  ok = 0,
  unsuccessful = 1,     ///< it was done, and the job failed, was canceled, has failed tasks, or was kept
  usage = 2,            ///< arguments that cannot be meant
  no_such_job = 3,      ///< or several that the name fits
  not_finished = 4,     ///< or the time given ran out
  trouble = 5,          ///< the place, the engine or the machine refused
  interrupted = 130,    ///< as shells say it for SIGINT
  output_closed = 141,  ///< as shells say it for SIGPIPE
};

[[nodiscard]] ExitCode exit_code_of(const Error& error) noexcept;

/// 0 only for a finished job without a failed task.
[[nodiscard]] ExitCode exit_code_of(const StatusReport& report) noexcept;

/// Of several answers the gravest counts.
[[nodiscard]] inline ExitCode worse(ExitCode a, ExitCode b) noexcept {
  return static_cast<ExitCode>(std::max(static_cast<int>(a), static_cast<int>(b)));
}

}  // namespace errand::cli
