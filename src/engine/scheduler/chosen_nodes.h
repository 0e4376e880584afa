// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "errand/error.h"

namespace errand::engine::scheduler {

/// Turns the option `nodes` (names, comma-separated, case ignored) into `exclude`: all others of `known`,
/// which is the scheduler's list, one name a word. Pure. Errors: invalid_argument (a node that is not
/// known, naming those that are).
[[nodiscard]] Result<void> keep_to_nodes(std::map<std::string, std::string>& options, std::string_view known);

}  // namespace errand::engine::scheduler
