// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "client/find_job.h"
#include "client/job_report.h"
#include "errand/job.h"
#include "share/job_directory.h"

namespace errand::client {

/// How often a waiter asks the engine itself, in case nobody is left who would wake it.
inline constexpr std::chrono::milliseconds recheck_interval{1000};

/// Waits until `done` says so of a fresh report. `done` is asked when the job's directory shows something
/// that may have settled it, and at least once per recheck_interval.
/// Errors: timeout, interrupted (see WaitOptions), place_unreadable.
[[nodiscard]] Result<JobReport> wait_until(share::JobDirectory& job, const WaitOptions& options,
                                           const std::function<bool(const JobReport&)>& done);

/// Waits until the job has ended, and seals it. Of a job that was submitted a moment ago and shows no end the
/// engine is not asked before something changes: that would only take time from whoever is to begin it.
[[nodiscard]] Result<StatusReport> wait_until_ended(const LocatedJob& job, const WaitOptions& options);

}  // namespace errand::client
