// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/terminal.h"

namespace errand::cli {

/// A cell's text and how it is to be painted. Texts of foreign origin are neutralized here.
struct Cell {
  std::string text;
  Paint paint = Paint::plain;
};

struct Column {
  std::string title;
  bool right_aligned = false;
  /// Left out, highest number first, when the table is too wide; 0: always kept.
  int dispensable = 0;
};

/// Rows under titles, two spaces between columns, fitted to a width: first dispensable columns go, then
/// the last column is shortened.
class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  /// Requires one cell per column.
  void add(std::vector<Cell> row);
  [[nodiscard]] std::string render(const Terminal& terminal) const;

 private:
  [[nodiscard]] std::vector<std::size_t> natural_widths() const;
  [[nodiscard]] std::vector<std::size_t> kept_columns(const std::vector<std::size_t>& widths,
                                                      std::size_t limit) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace errand::cli
