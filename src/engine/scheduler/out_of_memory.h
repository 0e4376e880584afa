// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "engine/scheduler/queue_report.h"
#include "share/job_directory.h"

namespace errand::engine::scheduler {

/// How many of a job's arrays before the `number`-th had a task, or a whole element, that ran out of memory:
/// as their logs say (a retry voids outcomes, not what has happened), or as the queue still shows.
[[nodiscard]] std::uint32_t times_out_of_memory(share::JobDirectory& job, std::uint32_t number,
                                                const QueueSnapshot& queue);

}  // namespace errand::engine::scheduler
