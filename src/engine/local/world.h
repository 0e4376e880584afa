// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "share/manifest.h"
#include "share/place.h"
#include "system/processes.h"

namespace errand::engine::local {

/// One host, boot and pid namespace: what one agent serves. Its folder below the place's agents/ holds
///     lock     held by the live agent (POSIX record lock)
///     info     "<pid> <version> <protocol major>.<minor>" of the agent that wrote it last
///     log      what agents did, for people
///     sweep    grows by a byte when a removed job is left to the agent to unlink
///     retire   asks an idle agent to make room for a newer version
[[nodiscard]] std::string agent_directory(const system::ProcessId& self);

inline constexpr std::string_view sweep_bell = "sweep";

/// May an agent of this world run the job? The local engine's jobs only: its own world's jobs, and after a
/// reboot those of the same host.
[[nodiscard]] bool is_ours(const share::Manifest& manifest, const system::ProcessId& self);

/// Every process that errand starts for a place carries this in its environment.
[[nodiscard]] std::string place_mark(const share::Place& place);

}  // namespace errand::engine::local
