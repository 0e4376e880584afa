// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "errand/error.h"

/// Durations and sizes as people write them: in the configuration file, on the command line, in the
/// settings of other front ends.
namespace errand {

/// "500ms", "30s", "5m", "1.5h", "1h30m", "2d", "1w"; a bare number means seconds.
/// Errors: invalid_argument (negative, unknown unit, longer than 292 years).
[[nodiscard]] Result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// Bytes: "4096", "64K", "64M", "1.5G", "2GiB", "3MB"; every unit counts by 1024, case ignored.
/// Errors: invalid_argument (negative, unknown unit, 2^63 and more).
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view text);

}  // namespace errand
