// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/scheduler/dialect.h"
#include "errand/compute_context.h"
#include "errand/error.h"
#include "share/manifest.h"

namespace errand::engine::scheduler {

/// How many elements an array gets where nobody says: enough to fill what a user usually gets of a cluster
/// at once; more would make the scheduler start processes for the sake of it.
inline constexpr std::uint32_t default_elements = 100;

struct ArrayPlan {
  std::uint32_t elements = 1;
  std::uint32_t workers = 1;  ///< of an element
};

/// How a job's tasks are cut into array elements. Pure. As many elements as there are chunks
/// (task_chunk_size; else one a task), but no more than asked for (cores, or the option elements) and than
/// the site allows: an element runs its chunks one after the other. Requires tasks > 0, or growing. Errors:
/// invalid_argument (an option that is no number).
[[nodiscard]] Result<ArrayPlan> plan_array(const share::Manifest& manifest, std::uint64_t tasks,
                                           const SiteLimits& limits);

/// The engine_options there are, in alphabetical order.
[[nodiscard]] std::vector<std::string> known_options(const Dialect& dialect);

/// The options must be known. Errors: invalid_argument, naming those there are.
[[nodiscard]] Result<void> check_options(const ComputeContext& context, const Dialect& dialect);

}  // namespace errand::engine::scheduler
