// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/engine.h"

namespace errand::engine::database {

/// Jobs of a place in a database, run by the launchpad on its host (`errand launchpad`).
[[nodiscard]] Engine& database_engine();

}  // namespace errand::engine::database
