// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "errand/data_source.h"

namespace errand::database {

/// How a field lies in the server's binary COPY.
enum class WireType : std::uint8_t {
  boolean,
  int16,
  int32,
  int64,
  float32,
  float64,
  numeric,
  text,  ///< any bytes
  date,
  timestamp,
  factor,  ///< text, to be counted as a level
};

/// Collects the values of one column, field by field.
class ColumnBuilder {
 public:
  ColumnBuilder(ColumnDescription about, WireType wire, const ColumnRequest& request);

  /// A field as it lies on the wire. False: its size cannot be one of the column's type.
  [[nodiscard]] bool append(std::string_view field);
  void append_null();
  /// The column so far; from here on the next block is collected. A factor keeps its levels.
  [[nodiscard]] Column take();

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };

  void start();
  template <class T>
  std::vector<T>& vector() {
    return *std::get_if<std::vector<T>>(&column_.values);
  }
  template <class T, class Wire>
  bool append_number(std::string_view field);
  bool append_numeric(std::string_view field);
  bool append_day(std::string_view field);
  bool append_moment(std::string_view field);
  bool append_text(std::string_view field);
  bool append_level(std::string_view field);
  void append_missing_value();
  void mark_missing();

  WireType wire_;
  Column column_;
  std::size_t last_size_ = 0;  ///< of the block before: the next one will be as long
  std::unordered_map<std::string, std::int32_t, Hash, std::equal_to<>> codes_;
  bool levels_given_ = false;
  std::string last_level_;  ///< neighbours are often equal
  std::int32_t last_code_ = -1;
};

}  // namespace errand::database
