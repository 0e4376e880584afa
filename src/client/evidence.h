// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>

#include "errand/job_status.h"
#include "share/job_directory.h"
#include "share/outcome_index.h"
#include "share/seal.h"
#include "status/evidence.h"

namespace errand::client {

/// What the place shows of one job.
struct Gathered {
  status::Evidence evidence;
  /// The scan behind the counts, if there had to be one; else the counts are the workers' own and only
  /// good for a job that goes on.
  std::unique_ptr<share::OutcomeIndex> index;
};

/// Reads what the status function needs, and never writes. While something of the job is alive this costs
/// O(workers): the counts come from the progress pages. All logs are read when these say that every task
/// has ended, when nothing is alive, and when a request changed which outcomes count.
/// Bad bytes are no error; the job's directory disappearing meanwhile is evidence too.
[[nodiscard]] Gathered gather(share::JobDirectory& job, const status::EngineReport& engine);

/// Evidence of a place that cannot be read.
[[nodiscard]] status::Evidence unreadable_place(const Error& error);
/// Evidence of a job that is not there; `deleted`: from its tombstone, or empty.
[[nodiscard]] status::Evidence absent_job(std::string deleted);

}  // namespace errand::client
