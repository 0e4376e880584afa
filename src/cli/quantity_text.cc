// SPDX-License-Identifier: Apache-2.0
#include "cli/quantity_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace errand::cli {
namespace {

constexpr std::array<std::string_view, 6> size_prefixes{"", "K", "M", "G", "T", "P"};

}  // namespace

std::string clock_text(std::chrono::seconds elapsed) {
  std::int64_t total = std::max<std::int64_t>(elapsed.count(), 0);
  std::int64_t days = total / 86400;
  std::int64_t hours = total / 3600 % 24;
  std::int64_t minutes = total / 60 % 60;
  std::int64_t seconds = total % 60;
  if (days > 0) return fmt::format("{} d {}:{:02}:{:02}", days, hours, minutes, seconds);
  if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, minutes, seconds);
  return fmt::format("{}:{:02}", minutes, seconds);
}

std::string short_age(std::chrono::seconds age) {
  std::int64_t seconds = std::max<std::int64_t>(age.count(), 0);
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (seconds < 3600) return fmt::format("{}m", seconds / 60);
  if (seconds < 2 * 86400) return fmt::format("{}h", seconds / 3600);
  return fmt::format("{}d", seconds / 86400);
}

std::string size_text(std::uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{} bytes", bytes);
  auto value = static_cast<double>(bytes);
  std::size_t step = 0;
  while (value >= 1024 && step + 1 < size_prefixes.size()) {
    value /= 1024;
    ++step;
  }
  return fmt::format("{:.1f} {}iB", value, size_prefixes.at(step));
}

}  // namespace errand::cli
