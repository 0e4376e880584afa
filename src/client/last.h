// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "errand/error.h"
#include "errand/job.h"

namespace errand::client {

/// What the name `last` means: this session's last job; if it has none and the verb only reads, the
/// newest of this user in `place` (empty: in any known place). Errors: not_found.
[[nodiscard]] Result<JobRef> last_job(const std::string& place, bool for_writing);

}  // namespace errand::client
