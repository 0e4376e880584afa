// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace errand::cli {

/// Overwrites the passwords of connection strings among the arguments, in place, so that /proc and ps show
/// none from here on. Who needs the words takes a copy before. A connection string that cannot be read is
/// overwritten whole: nobody knows where its password is.
void hide_passwords(int argc, char** argv);

/// What is shown in the place of an argument, which may be --option=value.
[[nodiscard]] std::string shown_argument(const std::string& argument);

}  // namespace errand::cli
