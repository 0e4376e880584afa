// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/engine.h"

namespace errand::engine::local {

/// This machine, by the embedded agent.
[[nodiscard]] Engine& local_engine();

}  // namespace errand::engine::local
