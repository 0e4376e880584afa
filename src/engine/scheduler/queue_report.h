// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/scheduler/dialect.h"
#include "share/job_directory.h"
#include "status/evidence.h"

namespace errand::engine::scheduler {

/// What the scheduler says of all jobs of this user, at one moment.
struct QueueSnapshot {
  std::vector<QueueEntry> entries;
  bool silent = false;
  std::string problem;  ///< with silent
  std::int64_t asked_ns = 0;
};

/// What the place shows of one chunk.
struct ChunkLook {
  std::uint64_t done = 0;  ///< tasks with an outcome, as its workers count
  std::uint64_t alive = 0;
  bool started = false;
};
using ChunkLooks = std::map<std::uint32_t, ChunkLook>;

/// One submission as the place has it.
struct SubmittedArray {
  share::SubmissionRecord record;
  std::optional<share::Acceptance> acceptance;
};

/// The name of the newest array, if the queue does not show an element of it that should be there: one with
/// tasks undone and no worker alive. Pure.
[[nodiscard]] std::vector<std::string> forgotten_arrays(const std::vector<SubmittedArray>& submissions,
                                                        const ChunkLooks& looks, const QueueSnapshot& queue);

/// The two views put together. Pure. An element whose tasks all have outcomes is over, whatever the queue
/// says; one that the queue does not show is alive if its workers are, else submitted after the question was
/// put, or forgotten. Earlier submissions matter only while something of them is alive or waits.
[[nodiscard]] status::EngineReport report_on(const std::vector<SubmittedArray>& submissions,
                                             const ChunkLooks& looks, const QueueSnapshot& queue,
                                             std::int64_t now_ns, std::int64_t visibility_ns,
                                             std::string_view engine);

}  // namespace errand::engine::scheduler
