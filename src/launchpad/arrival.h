// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "launchpad/depot.h"
#include "launchpad/host_terms.h"
#include "share/place.h"

namespace errand::launchpad {

/// A job that was just claimed, with what the claim has read of it already.
struct Arrival {
  /// Of each file so much comes with the claim; of a file that has as many bytes the rest is read.
  static constexpr std::uint64_t read_ahead = std::uint64_t{1} << 20;

  JobKey job;
  std::string version;
  std::vector<Piece> pieces;  ///< by file, and by start within it
};

/// What materialize() found out about a job.
struct Landed {
  share::Manifest original;      ///< as the submitter wrote it; without an id: a canceled job has none
  std::int64_t shift = 0;        ///< a byte of the original job file lies so much further on here
  std::uint64_t job_size = 0;    ///< of the original job file, as far as it is here
  std::uint32_t generation = 0;  ///< the highest claimed one of chunk 0
  std::uint32_t requests = 0;
};

/// Writes the job directory into the scratch place and publishes it there by rename: the manifest as this
/// host shall see it, everything else as it is. Values and console text of earlier generations stay in the
/// database; their progress pages tell of no process that could be taken for one of this host.
/// Errors leave nothing visible: corrupt (it cannot be run), the depot's, the scratch place's.
[[nodiscard]] Result<Landed> materialize(Depot& depot, share::Place& scratch, const HostTerms& terms,
                                         const Arrival& arrival);

/// The same name in the scratch place and in the database.
[[nodiscard]] std::string job_file(const std::string& id, const std::string& name);

}  // namespace errand::launchpad
