// SPDX-License-Identifier: Apache-2.0
#include "engine/scheduler/dialect.h"

#include <algorithm>
#include <charconv>

namespace errand::engine::scheduler {
namespace {

/// Longer arrays than any scheduler allows are a misunderstanding.
constexpr std::uint32_t largest_element = 16'000'000;

bool take_index(std::string_view& text, std::uint32_t& number) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number > largest_element) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

}  // namespace

bool read_element_list(std::string_view text,
                       std::vector<std::pair<std::uint32_t, std::uint32_t>>& elements) {
  if (!text.empty() && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
  text = text.substr(0, text.find('%'));
  elements.clear();
  while (true) {
    std::uint32_t first = 0;
    if (!take_index(text, first)) return false;
    std::uint32_t last = first;
    if (!text.empty() && text[0] == '-') {
      text.remove_prefix(1);
      if (!take_index(text, last) || last < first) return false;
    }
    elements.emplace_back(first, last + 1);
    if (text.empty()) return true;
    if (text[0] != ',') return false;
    text.remove_prefix(1);
  }
}

}  // namespace errand::engine::scheduler
