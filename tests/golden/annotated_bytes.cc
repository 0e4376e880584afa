// SPDX-License-Identifier: Apache-2.0
#include "annotated_bytes.h"

#include <fmt/format.h>

#include <algorithm>

namespace errand::golden {
namespace {

constexpr std::size_t row_size = 16;

std::string as_text(std::string_view bytes) {
  std::string text;
  for (char byte : bytes) text.push_back(byte >= 0x20 && byte < 0x7f ? byte : '.');
  return text;
}

}  // namespace

void AnnotatedBytes::row(std::size_t size, std::string_view meaning) {
  std::string hex;
  for (char byte : bytes_.substr(position_, size)) {
    hex += fmt::format("{}{:02x}", hex.empty() ? "" : " ", static_cast<unsigned char>(byte));
  }
  written_ += fmt::format("{:08x}  {:<47}  {}\n", position_, hex, meaning);
  position_ += size;
}

void AnnotatedBytes::field(std::size_t size, std::string_view meaning) {
  std::size_t end = position_ + size;
  row(std::min(size, row_size), meaning);
  while (position_ < end) {
    std::size_t some = std::min(row_size, end - position_);
    row(some, as_text(bytes_.substr(position_, some)));
  }
}

void AnnotatedBytes::text(std::size_t size, std::string_view meaning) {
  heading(meaning);
  std::size_t end = position_ + size;
  while (position_ < end) {
    std::size_t some = std::min(row_size, end - position_);
    row(some, as_text(bytes_.substr(position_, some)));
  }
}

void AnnotatedBytes::heading(std::string_view line) {
  written_ += line.empty() ? "\n" : fmt::format("{:10}{}\n", "", line);
}

}  // namespace errand::golden
