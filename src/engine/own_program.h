// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace errand::engine {

/// Remembered by errand::init: this program becomes agent, supervisor or worker when started with the
/// hidden first argument.
void set_own_program();
[[nodiscard]] bool is_own_program();

/// The errand command that a front end brought along; empty: none. Thread-safe.
void set_command(std::string path);
[[nodiscard]] std::string chosen_command();

}  // namespace errand::engine
