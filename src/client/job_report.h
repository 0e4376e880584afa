// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "client/evidence.h"
#include "errand/job.h"
#include "share/job_directory.h"

namespace errand::client {

/// A job's status as the place and its engine show it now.
struct JobReport {
  StatusReport status;
  bool sealed = false;
  /// It is settled and nothing of it is alive: it may be sealed or removed.
  bool at_rest = false;
  bool alive = false;                          ///< something of it runs, as far as the engine knows
  bool silent = false;                         ///< the engine could not be asked
  std::unique_ptr<share::OutcomeIndex> index;  ///< of a single job, if the logs had to be read
};

/// Lists the directory again and reports. A valid seal answers at once. May start the job's agent; writes
/// nothing in the directory.
[[nodiscard]] JobReport report_of(share::JobDirectory& job);
/// The same of a directory that was just opened: it need not be listed again.
[[nodiscard]] JobReport report_as_listed(share::JobDirectory& job);
/// The same for many jobs of one place, whose engines are asked once each.
[[nodiscard]] std::vector<JobReport> reports_of(share::Place& place,
                                                std::span<share::JobDirectory* const> jobs);
/// The same for a name: what cannot be found is missing, what cannot be read undetermined.
/// Errors: ambiguous, invalid_argument.
[[nodiscard]] Result<JobReport> report_of(const JobRef& named);

/// Writes the seal of a settled job that has none, and takes it off the agent's list. For verbs that write
/// anyway; that it fails costs the next reader a scan, nothing else.
void seal(share::JobDirectory& job, const JobReport& report);

}  // namespace errand::client
