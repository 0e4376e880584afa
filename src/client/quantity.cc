// SPDX-License-Identifier: Apache-2.0
#include "errand/quantity.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

namespace errand {
namespace {

// Milliseconds whose nanoseconds still fit into 63 bits, and bytes below 2^63.
constexpr double longest_ms = 9.2e12;
constexpr double largest_bytes = 9.2e18;

struct Unit {
  std::string_view name;
  double factor;
};

constexpr std::array<Unit, 8> duration_units{{{"", 1e3},
                                              {"ms", 1},
                                              {"s", 1e3},
                                              {"m", 60e3},
                                              {"min", 60e3},
                                              {"h", 3600e3},
                                              {"d", 86400e3},
                                              {"w", 604800e3}}};

constexpr double kib = 1024;
constexpr std::array<Unit, 6> size_units{{{"", 1},
                                          {"k", kib},
                                          {"m", kib* kib},
                                          {"g", kib* kib* kib},
                                          {"t", kib* kib* kib* kib},
                                          {"p", kib* kib* kib* kib* kib}}};

struct Quantity {
  double number = 0;
  std::string_view unit;
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// A number without sign or exponent and the letters behind it, cut off `text`.
std::optional<Quantity> take_quantity(std::string_view& text) {
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  Quantity quantity;
  const char* end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, quantity.number, std::chars_format::fixed);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  std::size_t letters = 0;
  while (letters < text.size() && is_letter(text[letters])) ++letters;
  quantity.unit = text.substr(0, letters);
  text.remove_prefix(letters);
  return quantity;
}

std::optional<double> duration_factor(std::string_view name) {
  for (const Unit& unit : duration_units) {
    if (unit.name == name) return unit.factor;
  }
  return std::nullopt;
}

std::optional<double> size_factor(std::string_view name) {
  std::string lower;
  for (char c : name) lower += static_cast<char>(c | 0x20);
  if (lower == "b") return 1;
  for (const Unit& unit : size_units) {
    const std::string letter(unit.name);
    if (lower == letter) return unit.factor;
    if (!letter.empty() && (lower == letter + "b" || lower == letter + "ib")) return unit.factor;
  }
  return std::nullopt;
}

Error bad_duration(std::string_view text) {
  return {ErrorCode::invalid_argument, fmt::format("'{}' is not a duration", text), false,
          "write for instance 30s, 500ms, 5m, 1h30m or 2d"};
}

Error bad_size(std::string_view text) {
  return {ErrorCode::invalid_argument, fmt::format("'{}' is not a size", text), false,
          "write for instance 512M, 2G or a number of bytes"};
}

}  // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  std::string_view rest = text;
  double total = 0;
  do {
    const bool first = rest.size() == text.size();
    const auto part = take_quantity(rest);
    if (!part) return bad_duration(text);
    const auto factor = duration_factor(part->unit);
    const bool bare_beside_others = part->unit.empty() && !(first && rest.empty());
    if (!factor || bare_beside_others) return bad_duration(text);
    total += part->number * *factor;
  } while (!rest.empty());
  if (!(total < longest_ms)) return bad_duration(text);
  return std::chrono::milliseconds(std::llround(total));
}

Result<std::uint64_t> parse_size(std::string_view text) {
  std::string_view rest = text;
  const auto part = take_quantity(rest);
  if (!part || !rest.empty()) return bad_size(text);
  const auto factor = size_factor(part->unit);
  if (!factor || !(part->number * *factor < largest_bytes)) return bad_size(text);
  return static_cast<std::uint64_t>(std::llround(part->number * *factor));
}

}  // namespace errand
