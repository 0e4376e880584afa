// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "database/connection.h"
#include "errand/error.h"

namespace errand::launchpad {

/// The launchpad's session and the lease that lives as long as it: a random number, held as an advisory lock.
/// Anybody may take any lock; readers believe it of the role errand_launchpad alone.
struct LeasedSession {
  std::unique_ptr<database::Connection> connection;
  std::int64_t lease = 0;
};

/// Connects, takes a lease and listens for submissions; `role`: says that it serves that submitter alone
/// (empty: everybody). Errors: as Connection::open; engine_refused (the role is not errand_launchpad: nobody
/// would believe its lease), version_mismatch, not_found (no place in there).
[[nodiscard]] Result<LeasedSession> open_session(const database::Target& target, const std::string& role);

/// Whether that submitter can be served without identities: as strict as where his role would be lent.
/// Errors: engine_refused.
[[nodiscard]] Result<void> check_role(LeasedSession& session, const std::string& role);

/// The worker roles of this database: an identity whose role is none of them can be lent nobody's.
[[nodiscard]] Result<std::set<std::string>> read_pool(LeasedSession& session);

/// The jobs that were held under a lease that is gone with its session are held under the new one, short of
/// those that somebody has taken over.
[[nodiscard]] Result<void> adopt(LeasedSession& session, std::int64_t earlier);

/// Lets go of everything that is held under the lease: somebody else, or the next launchpad, goes on with it.
[[nodiscard]] Result<void> let_go(LeasedSession& session);

}  // namespace errand::launchpad
