// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

/// Where this user's own files are, after the XDG base directory specification. Absolute paths; nothing
/// is created.
namespace errand::system {

/// The value of an environment variable; empty if it is not set.
[[nodiscard]] std::string environment_value(const char* name);

/// $HOME, else the password database's entry, else "/".
[[nodiscard]] std::string home_directory();

/// $XDG_CONFIG_HOME/errand, else ~/.config/errand.
[[nodiscard]] std::string config_directory();

/// $XDG_STATE_HOME/errand, else ~/.local/state/errand.
[[nodiscard]] std::string state_directory();

}  // namespace errand::system
