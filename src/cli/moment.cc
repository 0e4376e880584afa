// SPDX-License-Identifier: Apache-2.0
#include "cli/moment.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <ctime>
#include <optional>

#include "errand/quantity.h"

namespace errand::cli {
namespace {

constexpr std::int64_t ns_per_second = 1'000'000'000;

Error bad_moment(std::string_view text) {
  return {ErrorCode::invalid_argument, fmt::format("'{}' is not a time", text), false,
          "write for instance 2h (ago), 3d, 2024-05-31 or \"2024-05-31 14:30\" (local time)"};
}

/// What strptime read, if the whole text fitted one of the forms.
std::optional<std::tm> read_fields(const std::string& text) {
  static constexpr std::array forms{"%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S",
                                    "%Y-%m-%dT%H:%M:%S"};
  for (const char* form : forms) {
    std::tm fields{};
    const char* end = strptime(text.c_str(), form, &fields);
    if (end != nullptr && *end == '\0') return fields;
  }
  return std::nullopt;
}

/// Seconds since 1970; nothing for a day or hour that the calendar does not have.
std::optional<std::int64_t> seconds_of(const std::tm& asked, bool utc) {
  std::tm fields = asked;
  fields.tm_isdst = -1;
  std::time_t seconds = utc ? timegm(&fields) : mktime(&fields);
  bool same_day = fields.tm_mday == asked.tm_mday && fields.tm_mon == asked.tm_mon;
  if (!same_day) return std::nullopt;
  return seconds;
}

std::string with_format(std::int64_t ns, const char* form, bool utc) {
  auto seconds = static_cast<std::time_t>(ns / ns_per_second - (ns % ns_per_second < 0 ? 1 : 0));
  std::tm fields{};
  if ((utc ? gmtime_r(&seconds, &fields) : localtime_r(&seconds, &fields)) == nullptr) return "?";
  std::array<char, 64> text{};
  return {text.data(), std::strftime(text.data(), text.size(), form, &fields)};
}

}  // namespace

Result<std::int64_t> parse_moment(std::string_view text, std::int64_t now_ns) {
  if (text == "now") return now_ns;
  std::string fields_text(text);
  bool utc = text.ends_with('Z');
  if (utc) fields_text.pop_back();
  if (auto fields = read_fields(fields_text)) {
    auto seconds = seconds_of(*fields, utc);
    if (!seconds) return bad_moment(text);
    return *seconds * ns_per_second;
  }
  auto age = parse_duration(text);
  if (!age) return bad_moment(text);
  return now_ns - std::chrono::duration_cast<std::chrono::nanoseconds>(*age).count();
}

std::string local_time_text(std::int64_t ns) {
  return with_format(ns, "%Y-%m-%d %H:%M:%S", false);
}

std::string utc_time_text(std::int64_t ns) {
  std::int64_t fraction = (ns % ns_per_second + ns_per_second) % ns_per_second;
  return fmt::format("{}.{:09}Z", with_format(ns, "%Y-%m-%dT%H:%M:%S", true), fraction);
}

std::int64_t wall_clock_ns() {
  auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

}  // namespace errand::cli
