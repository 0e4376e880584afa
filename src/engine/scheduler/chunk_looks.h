// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>

#include "share/job_directory.h"

namespace errand::engine::scheduler {

/// What the place shows of one chunk.
struct ChunkLook {
  std::uint64_t done = 0;  ///< tasks with an outcome, as its workers count
  std::uint64_t alive = 0;
  bool started = false;
  bool may_have_more = false;  ///< its workers wrote so lately that not all of it may be visible here
};
using ChunkLooks = std::map<std::uint32_t, ChunkLook>;

/// Every chunk that has a log. `visibility_ns`: how late files show; 0: they never do.
[[nodiscard]] ChunkLooks look_at_chunks(share::JobDirectory& job, std::int64_t visibility_ns);

}  // namespace errand::engine::scheduler
