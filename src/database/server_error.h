// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "errand/error.h"

namespace errand::database {

/// What a server's refusal means for errand: its words, its hint and its five-character SQLSTATE as an Error.
[[nodiscard]] Error server_error(std::string_view sqlstate, std::string_view words, std::string_view hint);
/// The session ended while a statement was under way, or before it.
[[nodiscard]] Error session_lost(std::string_view words);
/// There is no session to be had. `place` names the database without its password.
[[nodiscard]] Error cannot_connect(std::string_view place, std::string_view words);

}  // namespace errand::database
