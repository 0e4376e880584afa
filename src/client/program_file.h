// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "errand/error.h"

namespace errand::client {

/// The absolute path of the program that `name` means: itself if it has a '/', else the first of that name
/// in `search_path` (as PATH). Errors: invalid_argument (no such program, not executable, a directory, or
/// built for another machine: both are named).
[[nodiscard]] Result<std::string> find_program(const std::string& name, std::string_view search_path);

}  // namespace errand::client
