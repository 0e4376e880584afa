// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace errand::cli {

/// The command from its arguments to its exit code.
[[nodiscard]] int run(int argc, char** argv);

}  // namespace errand::cli
