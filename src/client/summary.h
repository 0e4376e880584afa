// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "errand/job.h"
#include "share/job_directory.h"
#include "share/seal.h"

namespace errand::client {

/// A settled job as its seal shows it.
[[nodiscard]] JobSummary summary_of(share::Seal seal, std::string id, const share::Place& place);
/// When its directory changed last; when it was made, if that cannot be told.
[[nodiscard]] std::int64_t modified_ns_of(share::JobDirectory& job);
/// A job with the status that was found for it, and when its directory changed.
[[nodiscard]] JobSummary summary_of(share::JobDirectory& job, const StatusReport& status,
                                    std::int64_t modified_ns);

}  // namespace errand::client
