// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "errand/job_status.h"
#include "status/evidence.h"

namespace errand::status {

/// The status of a job: the first rule that matches, as tests/status_cases list them. Pure and total:
/// every combination of inputs, also an impossible one, has an answer; the reason is never empty.
[[nodiscard]] StatusReport compute_status(const Evidence& evidence, const EngineReport& engine);

}  // namespace errand::status
