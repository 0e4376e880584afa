// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/scheduler/chunk_looks.h"
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

  /// Elements from the scheduler's history, asked for names of which the queue does not show everything.
  std::vector<QueueEntry> past;
  /// Of those names: since when the queue has not shown something of them that is undone. Empty where the
  /// queue's silence says nothing.
  std::map<std::string, std::int64_t> missed_ns;
  std::int64_t history_delay_ns = 0;  ///< how late the history shows what has left the queue
};

/// One submission as the place has it.
struct SubmittedArray {
  share::SubmissionRecord record;
  std::optional<share::Acceptance> acceptance;
};

/// The two views put together. Pure. An element whose tasks all have outcomes is over, whatever the queue
/// says; what is over and may have left more than is visible yet has ended recently; an element that the
/// queue does not show is alive if its workers are, else submitted after the question was put, or in the
/// history, or forgotten. Earlier submissions matter only while something of them is alive or waits.
[[nodiscard]] status::EngineReport report_on(const std::vector<SubmittedArray>& submissions,
                                             const ChunkLooks& looks, const QueueSnapshot& queue,
                                             std::int64_t now_ns, std::int64_t visibility_ns,
                                             std::string_view engine);

}  // namespace errand::engine::scheduler
