// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

namespace errand::database {

/// SQL's numeric, as the server sends it in binary, as the nearest double; too large ones are infinite.
/// Nothing if the bytes are no numeric. Total.
[[nodiscard]] std::optional<double> numeric_to_double(std::string_view field);

}  // namespace errand::database
