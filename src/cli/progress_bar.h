// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "cli/terminal.h"
#include "errand/job_status.h"

namespace errand::cli {

/// "37 of 100 done, 2 running (1 failed)".
[[nodiscard]] std::string progress_text(const Progress& progress);

/// The reason without what a line says anyway: the status word, the counts, which job.
[[nodiscard]] std::string bare_reason(const StatusReport& report);

/// "running: 37 of 100 done, 2 running (1 failed) - reason".
[[nodiscard]] std::string status_line(const StatusReport& report, bool color);

/// One line of exactly what fits into `terminal.width`, without a newline:
/// "running [#######.............]  37 %  37 of 100 done, 2 running (1 failed)  0:12".
[[nodiscard]] std::string progress_bar(const StatusReport& report, std::chrono::seconds elapsed,
                                       const Terminal& terminal);

}  // namespace errand::cli
