// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "errand/job.h"
#include "share/job_directory.h"

namespace errand::client {

/// How long a cancel waits for processes to die before it says that some are still ending.
inline constexpr std::chrono::milliseconds cancel_patience{30'000};

/// cancel_job of an opened job.
[[nodiscard]] Result<CancelReport> cancel(share::JobDirectory& job);

}  // namespace errand::client
