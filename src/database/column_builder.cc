// SPDX-License-Identifier: Apache-2.0
#include "database/column_builder.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "database/numeric.h"

namespace errand::database {
namespace {

// The server counts from 2000-01-01.
constexpr std::int32_t days_to_2000 = 10957;
constexpr std::int64_t microseconds_to_2000 = std::int64_t{days_to_2000} * 86'400'000'000;

template <class T>
T from_wire(std::string_view field) {
  T value;
  std::memcpy(&value, field.data(), sizeof value);
  if constexpr (sizeof value == 2)
    value = static_cast<T>(__builtin_bswap16(static_cast<std::uint16_t>(value)));
  if constexpr (sizeof value == 4)
    value = static_cast<T>(__builtin_bswap32(static_cast<std::uint32_t>(value)));
  if constexpr (sizeof value == 8)
    value = static_cast<T>(__builtin_bswap64(static_cast<std::uint64_t>(value)));
  return value;
}
static_assert(std::endian::native == std::endian::little);

ColumnValues empty_values(WireType wire) {
  switch (wire) {
    case WireType::boolean:
      return std::vector<std::uint8_t>();
    case WireType::int16:
      return std::vector<std::int16_t>();
    case WireType::int32:
    case WireType::date:
    case WireType::factor:
      return std::vector<std::int32_t>();
    case WireType::int64:
    case WireType::timestamp:
      return std::vector<std::int64_t>();
    case WireType::float32:
      return std::vector<float>();
    case WireType::float64:
    case WireType::numeric:
      return std::vector<double>();
    case WireType::text:
      break;
  }
  return TextValues();
}

template <class T>
T missing_value() {
  if constexpr (std::is_floating_point_v<T>) return std::numeric_limits<T>::quiet_NaN();
  return T{};
}

}  // namespace

ColumnBuilder::ColumnBuilder(ColumnDescription about, WireType wire, const ColumnRequest& request)
    : wire_(wire), levels_given_(wire == WireType::factor && !request.levels.empty()) {
  column_.about = std::move(about);
  if (levels_given_) {
    column_.levels = request.new_levels.empty() ? request.levels : request.new_levels;
    std::int32_t code = 0;
    for (const std::string& level : request.levels) codes_.emplace(level, code++);
  }
  start();
}

void ColumnBuilder::start() {
  column_.values = empty_values(wire_);
  column_.missing.clear();
  std::visit(
      [&](auto& values) {
        if constexpr (requires { values.reserve(0); }) values.reserve(last_size_);
      },
      column_.values);
}

template <class T, class Wire>
bool ColumnBuilder::append_number(std::string_view field) {
  if (field.size() != sizeof(Wire)) return false;
  const Wire wire = from_wire<Wire>(field);
  T value;
  if constexpr (sizeof(T) == sizeof(Wire)) {
    std::memcpy(&value, &wire, sizeof value);
  } else {
    value = static_cast<T>(wire);
  }
  vector<T>().push_back(value);
  return true;
}

bool ColumnBuilder::append_numeric(std::string_view field) {
  const auto value = numeric_to_double(field);
  if (value) vector<double>().push_back(*value);
  return value.has_value();
}

/// The infinite days and moments have no name in other languages: they are missing.
bool ColumnBuilder::append_day(std::string_view field) {
  if (field.size() != sizeof(std::int32_t)) return false;
  const auto day = from_wire<std::int32_t>(field);
  const bool known = day > std::numeric_limits<std::int32_t>::min() &&
                     day < std::numeric_limits<std::int32_t>::max() - days_to_2000;
  vector<std::int32_t>().push_back(known ? day + days_to_2000 : 0);
  if (!known) mark_missing();
  return true;
}

bool ColumnBuilder::append_moment(std::string_view field) {
  if (field.size() != sizeof(std::int64_t)) return false;
  const auto moment = from_wire<std::int64_t>(field);
  const bool known = moment > std::numeric_limits<std::int64_t>::min() &&
                     moment < std::numeric_limits<std::int64_t>::max() - microseconds_to_2000;
  vector<std::int64_t>().push_back(known ? moment + microseconds_to_2000 : 0);
  if (!known) mark_missing();
  return true;
}

bool ColumnBuilder::append_text(std::string_view field) {
  auto& text = *std::get_if<TextValues>(&column_.values);
  text.bytes.append(field);
  text.ends.push_back(text.bytes.size());
  return true;
}

bool ColumnBuilder::append_level(std::string_view field) {
  if (last_code_ < 0 || field != last_level_) {
    auto found = codes_.find(field);
    if (found == codes_.end() && !levels_given_) {
      found = codes_.emplace(field, static_cast<std::int32_t>(codes_.size())).first;
      column_.levels.emplace_back(field);
    }
    last_code_ = found == codes_.end() ? -1 : found->second;
    last_level_ = field;
  }
  vector<std::int32_t>().push_back(last_code_);
  if (last_code_ < 0) mark_missing();
  return true;
}

bool ColumnBuilder::append(std::string_view field) {
  if (!column_.missing.empty()) column_.missing.push_back(0);
  switch (wire_) {
    case WireType::boolean:
      if (field.size() != 1) return false;
      vector<std::uint8_t>().push_back(field[0] != 0 ? 1 : 0);
      return true;
    case WireType::int16:
      return append_number<std::int16_t, std::uint16_t>(field);
    case WireType::int32:
      return append_number<std::int32_t, std::uint32_t>(field);
    case WireType::int64:
      return append_number<std::int64_t, std::uint64_t>(field);
    case WireType::float32:
      return append_number<float, std::uint32_t>(field);
    case WireType::float64:
      return append_number<double, std::uint64_t>(field);
    case WireType::numeric:
      return append_numeric(field);
    case WireType::text:
      return append_text(field);
    case WireType::date:
      return append_day(field);
    case WireType::timestamp:
      return append_moment(field);
    case WireType::factor:
      return append_level(field);
  }
  return false;
}

void ColumnBuilder::append_missing_value() {
  std::visit(
      [&](auto& values) {
        if constexpr (requires { values.push_back({}); }) {
          using Value = typename std::decay_t<decltype(values)>::value_type;
          values.push_back(wire_ == WireType::factor ? static_cast<Value>(-1) : missing_value<Value>());
        } else {
          values.ends.push_back(values.bytes.size());
        }
      },
      column_.values);
}

/// The value that was appended last.
void ColumnBuilder::mark_missing() {
  column_.missing.resize(column_.size(), 0);
  column_.missing.back() = 1;
}

void ColumnBuilder::append_null() {
  append_missing_value();
  mark_missing();
}

Column ColumnBuilder::take() {
  last_size_ = column_.size();
  Column taken{column_.about, std::move(column_.values), std::move(column_.missing), column_.levels};
  start();
  return taken;
}

}  // namespace errand::database
