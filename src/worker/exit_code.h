// SPDX-License-Identifier: Apache-2.0
#pragma once

/// How a worker process of ours ends by itself. Everything else is the doing of the task it had in hand.
namespace errand::worker {

inline constexpr int exit_done = 0;
/// It could not read the job or could not record what it did (disk full for longer than its patience, the
/// place gone or damaged): whatever it had in hand is lost and no task is to blame.
inline constexpr int exit_cannot_record = 74;

}  // namespace errand::worker
