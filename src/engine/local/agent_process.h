// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "errand/error.h"
#include "share/place.h"

/// The client's side of the agent: is there one, and if not, start it.
namespace errand::engine::local {

/// The executable that agents run: $ERRAND_COMMAND, the `errand` beside this program, the installed one,
/// the one in PATH; or this program itself, if it called errand::init. Errors: engine_unavailable.
[[nodiscard]] Result<std::string> find_agent_command();

/// True if a live agent serves this place in this process's world.
[[nodiscard]] bool agent_is_up(share::Place& place);

/// Wakes the agent to empty the trash. If it ends just now, the next one does so when it starts.
[[nodiscard]] Result<void> ask_agent_to_sweep(share::Place& place);

/// Starts one unless it is up. Returns as soon as it is on its way: it reads the active jobs by itself.
/// An idle agent of an older version is asked to make room first. Errors: engine_unavailable.
[[nodiscard]] Result<void> ensure_agent(share::Place& place);

}  // namespace errand::engine::local
