// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace errand::cli {

/// The command from its arguments, without its own name, to its exit code.
[[nodiscard]] int run(const std::vector<std::string>& arguments);

}  // namespace errand::cli
