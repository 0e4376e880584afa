// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "errand/job.h"
#include "share/job_directory.h"

namespace errand::client {

/// What the workers of a job have recorded of their use of processors and memory, lost attempts included.
/// Reads every log; a log that cannot be read adds nothing.
[[nodiscard]] ResourceUse resource_use(share::JobDirectory& job);

}  // namespace errand::client
