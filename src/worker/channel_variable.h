// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace errand::worker {

/// Set for a command that is to be a worker itself instead of a warm parent: the channel to the agent is
/// where the control channel would be.
inline constexpr const char* channel_variable = "ERRAND_CHANNEL";

}  // namespace errand::worker
