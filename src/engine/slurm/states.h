// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "engine/scheduler/dialect.h"

namespace errand::engine::slurm {

/// What a state of Slurm and its reason mean. Pure; total: words that are not in the tables give
/// ElementState::unknown, or a reason that quotes them.
struct Meaning {
  scheduler::ElementState state = scheduler::ElementState::unknown;
  std::string reason;  ///< "waiting for free resources (Resources)"
  bool blocked = false;
};
/// `state` as squeue -o %T or sacct print it ("CANCELLED by 1000" too), `reason` as %r prints it.
[[nodiscard]] Meaning read_state(std::string_view state, std::string_view reason);

}  // namespace errand::engine::slurm
