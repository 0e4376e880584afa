// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "system/clock.h"

/// How long a launchpad waits for what. All in nanoseconds.
namespace errand::launchpad {

/// Between looks for jobs that no notification told of: notifications are hints, and not kept anywhere.
inline constexpr std::int64_t scan_interval_ns = 15'000'000'000;
/// After the first scan of a session: the server takes a second to notice that a launchpad died in a
/// statement.
inline constexpr std::int64_t second_scan_ns = 2'000'000'000;
/// Between looks at what wakes nobody: progress pages, agents.
inline constexpr std::int64_t look_interval_ns = 1'000'000'000;
/// Console text, claims and values wait so long for company.
inline constexpr std::int64_t company_ns = 20'000'000;
/// Outcomes wait so long: behind a job's last one its seal mostly follows at once, and each shipment is a
/// commit.
inline constexpr std::int64_t seal_company_ns = 500'000;
/// A server that restarts is back after some tenths of a second.
inline constexpr std::int64_t reconnect_interval_ns = 200'000'000;
/// An identity without jobs is kept for its submitter, warm parents and all.
inline constexpr std::int64_t warm_ns = 60'000'000'000;
/// After a failure that may pass: a full disk, a statement that was canceled.
inline constexpr std::int64_t hold_ns = 1'000'000'000;
/// Between tries to empty an identity that cannot be emptied: each may take seconds.
inline constexpr std::int64_t wipe_again_ns = 15'000'000'000;
/// Between sweeps of what submitters leave behind without knowing.
inline constexpr std::int64_t sweep_interval_ns = 3'600'000'000'000;
/// Between two lines of the log about a failure that goes on.
inline constexpr std::int64_t complaint_interval_ns = 60'000'000'000;
/// How long a role that may not be lent is not asked for again.
inline constexpr std::int64_t refusal_ns = 30'000'000'000;
/// Jobs of one submitter that are held at a time: the rest is for other launchpads.
inline constexpr std::size_t most_held = 64;
/// Of the jobs that cannot be read so many are told of, each by a lock: the server's table of locks is
/// everybody's.
inline constexpr std::size_t most_refusals_said = 200;
/// Of one claim.
inline constexpr std::size_t claim_batch = 8;

[[nodiscard]] inline std::int64_t monotonic_ns() {
  return system::system_clock().monotonic_ns();
}

}  // namespace errand::launchpad
