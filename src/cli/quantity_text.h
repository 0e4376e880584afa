// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

/// Durations and sizes for people to read.
namespace errand::cli {

/// "0:07", "12:34", "3:05:09", "2 d 3:05:09".
[[nodiscard]] std::string clock_text(std::chrono::seconds elapsed);

/// The largest unit that fits: "12s", "5m", "3h", "2d". For a column of ages.
[[nodiscard]] std::string short_age(std::chrono::seconds age);

/// "512 bytes", "64.0 KiB", "1.0 GiB".
[[nodiscard]] std::string size_text(std::uint64_t bytes);

}  // namespace errand::cli
