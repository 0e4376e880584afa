// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>

#include "errand/error.h"

namespace errand::cli {

/// What is wrong with the command line, in the command's own words, and where to read more.
/// `app` is the parser as it was left by the failed parse.
[[nodiscard]] Error usage_error(const CLI::App& app, const CLI::ParseError& failure);

/// Words after "--" belong to a program: only exec takes them.
[[nodiscard]] Error misplaced_program(const CLI::App& app);

}  // namespace errand::cli
