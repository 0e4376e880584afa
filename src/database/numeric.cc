// SPDX-License-Identifier: Apache-2.0
#include "database/numeric.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

namespace errand::database {
namespace {

// How numeric lies on the wire: counts of digits to the base 10000, the first one's weight, sign, scale.
constexpr std::uint16_t negative_sign = 0x4000;
constexpr std::uint16_t nan_sign = 0xC000;
constexpr std::uint16_t positive_infinity = 0xD000;
constexpr std::uint16_t negative_infinity = 0xF000;
constexpr std::size_t header_size = 8;
constexpr int base = 10000;
/// Below it every whole number is a double.
constexpr double exact_limit = 9007199254740992.0;

std::uint16_t word(std::string_view field, std::size_t index) {
  const auto high = static_cast<unsigned char>(field[2 * index]);
  const auto low = static_cast<unsigned char>(field[2 * index + 1]);
  return static_cast<std::uint16_t>(high << 8U | low);
}

/// Right to the last bit if the digits as one whole number, and the power of ten, are doubles themselves.
std::optional<double> exact_value(std::string_view field, int digits, int weight) {
  constexpr std::array<double, 6> powers{1, 1e4, 1e8, 1e12, 1e16, 1e20};
  const int exponent = weight - digits + 1;  // to the base 10000
  if (exponent < -5 || exponent > 5) return std::nullopt;
  double whole = 0;
  for (int i = 0; i < digits; ++i) {
    whole = whole * base + word(field, 4 + static_cast<std::size_t>(i));
    if (whole >= exact_limit) return std::nullopt;
  }
  return exponent < 0 ? whole / powers[static_cast<std::size_t>(-exponent)]
                      : whole * powers[static_cast<std::size_t>(exponent)];
}

std::optional<double> written_value(std::string_view field, int digits, int weight) {
  std::string text;
  for (int i = 0; i < digits; ++i) text += fmt::format("{:04}", word(field, 4 + static_cast<std::size_t>(i)));
  text += fmt::format("e{}", 4 * (weight - digits + 1));
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) {
    return weight > 0 ? std::numeric_limits<double>::infinity() : 0.0;
  }
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

}  // namespace

std::optional<double> numeric_to_double(std::string_view field) {
  if (field.size() < header_size) return std::nullopt;
  const int digits = word(field, 0);
  const int weight = static_cast<std::int16_t>(word(field, 1));
  const std::uint16_t sign = word(field, 2);
  if (field.size() != header_size + 2 * static_cast<std::size_t>(digits)) return std::nullopt;
  if (sign == nan_sign) return std::numeric_limits<double>::quiet_NaN();
  if (sign == positive_infinity) return std::numeric_limits<double>::infinity();
  if (sign == negative_infinity) return -std::numeric_limits<double>::infinity();
  for (int i = 0; i < digits; ++i) {
    if (word(field, 4 + static_cast<std::size_t>(i)) >= base) return std::nullopt;
  }
  if (digits == 0) return 0.0;
  auto value = exact_value(field, digits, weight);
  if (!value) value = written_value(field, digits, weight);
  if (!value) return std::nullopt;
  return sign == negative_sign ? -*value : *value;
}

}  // namespace errand::database
