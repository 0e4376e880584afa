// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/scheduler/dialect.h"

namespace errand::engine::slurm {

/// What Slurm's commands are asked and what they answer. Pure. slurm.md says what users see of it.
[[nodiscard]] const scheduler::Dialect& slurm_dialect();

}  // namespace errand::engine::slurm
