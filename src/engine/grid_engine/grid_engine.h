// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/scheduler/dialect.h"

namespace errand::engine::grid_engine {

/// What Grid Engine's commands are asked and what they answer. Pure. grid_engine.md says what users see of
/// it.
[[nodiscard]] const scheduler::Dialect& grid_engine_dialect();

}  // namespace errand::engine::grid_engine
