// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include <algorithm>
#include <utility>

#include "cli/visible_text.h"

namespace errand::cli {
namespace {

constexpr std::size_t gap = 2;
/// The last column keeps this much before a dispensable one has to go.
constexpr std::size_t smallest_last = 16;

std::size_t total_width(const std::vector<std::size_t>& kept, const std::vector<std::size_t>& widths) {
  std::size_t total = 0;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    bool last = i + 1 == kept.size();
    total += last ? std::min(widths[kept[i]], smallest_last) : widths[kept[i]] + gap;
  }
  return total;
}

/// The text at its place in the line; the last column is not padded.
std::string placed(const Cell& cell, bool right, std::size_t width, bool last, bool color) {
  std::string text = shortened(cell.text, width);
  std::size_t used = code_points(text);
  std::string pad(width > used ? width - used : 0, ' ');
  std::string shown = painted(text, cell.paint, color);
  if (right) return pad + shown;
  return last ? shown : shown + pad;
}

}  // namespace

void Table::add(std::vector<Cell> row) {
  for (Cell& cell : row) cell.text = visible_line(cell.text);
  rows_.push_back(std::move(row));
}

std::vector<std::size_t> Table::natural_widths() const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = code_points(columns_[i].title);
    for (const auto& row : rows_) width = std::max(width, code_points(row[i].text));
    widths.push_back(width);
  }
  return widths;
}

std::vector<std::size_t> Table::kept_columns(const std::vector<std::size_t>& widths,
                                             std::size_t limit) const {
  std::vector<std::size_t> kept(columns_.size());
  for (std::size_t i = 0; i < kept.size(); ++i) kept[i] = i;
  while (limit != 0 && total_width(kept, widths) > limit) {
    auto least_needed = std::max_element(kept.begin(), kept.end(), [this](std::size_t a, std::size_t b) {
      return columns_[a].dispensable < columns_[b].dispensable;
    });
    if (columns_[*least_needed].dispensable == 0) break;
    kept.erase(least_needed);
  }
  return kept;
}

std::string Table::render(const Terminal& terminal) const {
  std::vector<std::size_t> widths = natural_widths();
  std::vector<std::size_t> kept = kept_columns(widths, terminal.width);
  if (terminal.width != 0) {
    std::size_t before = 0;
    for (std::size_t i = 0; i + 1 < kept.size(); ++i) before += widths[kept[i]] + gap;
    std::size_t room = terminal.width > before ? terminal.width - before : 1;
    widths[kept.back()] = std::min(widths[kept.back()], room);
  }
  auto line = [&](auto cell_of) {
    std::string text;
    for (std::size_t i : kept) {
      bool last = i == kept.back();
      text += placed(cell_of(i), columns_[i].right_aligned, widths[i], last, terminal.color);
      if (!last) text.append(gap, ' ');
    }
    return text + "\n";
  };
  std::string out = line([this](std::size_t i) { return Cell{columns_[i].title, Paint::strong}; });
  for (const auto& row : rows_) out += line([&row](std::size_t i) { return row[i]; });
  return out;
}

}  // namespace errand::cli
