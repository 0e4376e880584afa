// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "errand/error.h"
#include "errand/job.h"
#include "share/job_directory.h"
#include "share/place.h"

namespace errand::client {

/// The place a job is in and its whole id. With a whole id and a named place nothing was looked at: the
/// job may not be there.
struct LocatedJob {
  std::shared_ptr<share::Place> place;
  std::string id;
  [[nodiscard]] JobRef ref() const { return {id, place->path()}; }
};

/// Errors: invalid_argument (no job's name), not_found (no match for a part), job_missing (a whole id that
/// is nowhere; says when it was deleted, if known), ambiguous, place_unreadable.
[[nodiscard]] Result<LocatedJob> locate(const JobRef& named, bool for_writing = false);

/// The same, and its directory opened. Errors: also job_missing, corrupt.
[[nodiscard]] Result<std::unique_ptr<share::JobDirectory>> open_job(const JobRef& named,
                                                                    bool for_writing = false);

/// The places in which a verb looks for a job that names none, in order.
[[nodiscard]] std::vector<std::string> places_to_search();

/// "deleted 2 hours ago: results fetched", or empty if nothing is known of it.
[[nodiscard]] std::string deletion_of(const share::Place& place, const std::string& id);
[[nodiscard]] Error job_missing(const share::Place& place, const std::string& id);

/// The job's manifest, arguments and tasks. Errors: as JobDirectory::tasks; job_canceled (a cancel removed
/// them).
[[nodiscard]] Result<share::TaskSource*> content_of(share::JobDirectory& job);

}  // namespace errand::client
