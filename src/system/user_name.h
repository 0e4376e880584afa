// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace errand::system {

/// The name of the user this process acts as; the number, if the password database has none.
[[nodiscard]] std::string user_name();

}  // namespace errand::system
