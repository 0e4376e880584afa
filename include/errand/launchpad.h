// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "errand/error.h"

namespace errand {

/// How a launchpad serves a database: it runs, on the database's host, the jobs that clients submit into it.
struct LaunchpadOptions {
  /// The database, as the role errand_launchpad: a URI or any other connection string.
  std::string database;
  /// Where jobs are while they run; made if it is not there, emptied at the beginning. Empty:
  /// errand/launchpad in the user's XDG state directory, or /var/lib/errand-launchpad for root.
  std::string scratch;
  /// Tasks that run at once for one submitter. 0: as many as the machine has cores.
  int workers = 0;
  /// Most memory and time of one task. 0: no limit.
  std::uint64_t task_memory_limit = 0;
  std::chrono::milliseconds task_time_limit{0};
  /// Started as root: how many of the users errand-w1, errand-w2 ... tasks may run as; one serves one
  /// submitter at a time. 0: all that there are.
  int identities = 0;
  /// Started as anybody else, tasks run as this user and for this submitter only. Empty: the role of the
  /// user's name.
  std::string role;
};

/// Serves until SIGTERM or SIGINT. Jobs that run then are handed back: the next launchpad runs the tasks that
/// have no outcome yet. Takes the process over (signals, user); what it does is told on standard error.
/// Errors: what keeps it from beginning; engine_unavailable (its helper process is gone).
[[nodiscard]] Result<void> run_launchpad(const LaunchpadOptions& options);

}  // namespace errand
