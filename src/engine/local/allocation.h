// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace errand::engine::local {

/// The life of a process that a scheduler started as one element of a job's array:
///
///     errand --errand-allocation PLACE JOB SUBMISSION ELEMENT [--keep PREFIX,PREFIX...]
///         [--grace SECONDS] [--continue-by-exit CODE] [-- CONTINUATION...]
///
/// Serves the element's tasks and ends. SIGUSR1 or SIGURG: the allocation ends soon, so the workers finish
/// the tasks in hand; if any are left, CONTINUATION is run, which has the scheduler start this element again.
/// SIGTERM, SIGINT or SIGUSR2: it ends now, by a cancel, a preemption or its limit; what was in hand counts
/// as nobody's fault, except for a task that used up a whole allocation. --keep: variables of the allocation
/// that its tasks shall see.
/// --grace: for schedulers that end with a SIGKILL: so long after the warning the end comes by itself.
/// --continue-by-exit: for schedulers that start an element again because of its exit code.
/// The exit code: 0; 1 if the part could not be taken up; 75 if tasks are left and nothing continues them.
[[nodiscard]] int run_allocation(int argc, char** argv);

}  // namespace errand::engine::local
