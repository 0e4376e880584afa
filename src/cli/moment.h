// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "errand/error.h"

/// Points in time as people write them: UTC nanoseconds since 1970 inside, local time outside.
namespace errand::cli {

/// "2h" or "3d" (that long before `now_ns`), "now", "2024-05-31", "2024-05-31 14:30",
/// "2024-05-31T14:30:05" in local time, or with a trailing Z in UTC. A day alone means its start.
/// Errors: invalid_argument (also for days that do not exist).
[[nodiscard]] Result<std::int64_t> parse_moment(std::string_view text, std::int64_t now_ns);

/// "2024-05-31 14:30:05", local time.
[[nodiscard]] std::string local_time_text(std::int64_t ns);

/// "2024-05-31T12:30:05.123456789Z".
[[nodiscard]] std::string utc_time_text(std::int64_t ns);

/// The clock on the wall, UTC nanoseconds.
[[nodiscard]] std::int64_t wall_clock_ns();

}  // namespace errand::cli
