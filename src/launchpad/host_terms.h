// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "errand/error.h"
#include "share/manifest.h"

namespace errand::launchpad {

/// What this host grants a job, and as whom its tasks run.
struct HostTerms {
  int workers = 1;                          ///< tasks of a job at once
  std::uint64_t memory = 0;                 ///< of a task, bytes; 0: no limit
  std::chrono::milliseconds time_limit{0};  ///< of a task; 0: none
  std::string share_dir;                    ///< the scratch place
  std::string user;                         ///< the tasks' user
  std::string home;
  std::string temporary;  ///< TMPDIR; empty: the job's own
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<std::string> connection;  ///< PGHOST=..., for the tasks
  system::ProcessId process;            ///< the launchpad's own
};

/// The manifest as the local engine of this host shall see it.
[[nodiscard]] share::Manifest on_this_host(share::Manifest manifest, const HostTerms& terms);

/// Where a task begins: the submitter's directory if the tasks' user can enter it here, else its home.
[[nodiscard]] std::string working_directory(const std::string& wanted, const HostTerms& terms);

/// The head of a `job` file: what it becomes on this host, and how many bytes of the original it stands for.
struct HostHead {
  share::Manifest original;
  std::string bytes;
  std::uint64_t replaces = 0;
};
/// `head`: the beginning of the file, its manifest included. Errors: corrupt, version_mismatch.
[[nodiscard]] Result<HostHead> rewrite_head(std::string_view head, const std::string& id,
                                            const HostTerms& terms);

}  // namespace errand::launchpad
