// SPDX-License-Identifier: Apache-2.0
#include "cli/visible_text.h"

#include <fmt/format.h>

namespace errand::cli {
namespace {

constexpr char first_of_c1 = '\xc2';  // U+0080 to U+009F are 0xc2 0x80 to 0xc2 0x9f

unsigned code(char c) {
  return static_cast<unsigned char>(c);
}
bool is_continuation(char c) {
  return (code(c) & 0xc0U) == 0x80U;
}

void append_visible(std::string& out, char c) {
  if (c == '\n' || c == '\t') {
    out += c;
  } else if (code(c) < 0x20) {
    out += '^';
    out += static_cast<char>(c + '@');
  } else if (c == '\x7f') {
    out += "^?";
  } else {
    out += c;
  }
}

/// Length of the well-formed sequence at the front, or 0.
std::size_t sequence_length(std::string_view text) {
  unsigned first = code(text[0]);
  std::size_t length = first < 0x80   ? 1
                       : first < 0xc2 ? 0
                       : first < 0xe0 ? 2
                       : first < 0xf0 ? 3
                       : first < 0xf5 ? 4
                                      : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(text[i])) return 0;
  }
  unsigned second = length > 1 ? code(text[1]) : 0;
  bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  bool beyond = (first == 0xed && second > 0x9f) || (first == 0xf4 && second > 0x8f);
  return overlong || beyond ? 0 : length;
}

bool is_control(std::string_view sequence) {
  char c = sequence[0];
  if (sequence.size() == 2) return c == first_of_c1 && code(sequence[1]) < 0xa0;
  return (code(c) < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == '\x7f';
}

template <class Allowed>
bool all_sequences(std::string_view text, Allowed allowed) {
  while (!text.empty()) {
    std::size_t length = sequence_length(text);
    if (length == 0 || !allowed(text.substr(0, length))) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace

void Neutralizer::take(std::string& out, char c) {
  char held = held_;
  held_ = '\0';
  if (held == '\r') out += c == '\n' ? "\r" : "^M";
  if (held == first_of_c1 && code(c) >= 0x80 && code(c) < 0xa0) {
    out += fmt::format("<U+{:04X}>", code(c));
    return;
  }
  if (held == first_of_c1) out += held;
  if (c == '\r' || c == first_of_c1) {
    held_ = c;
  } else {
    append_visible(out, c);
  }
}

std::string Neutralizer::feed(std::string_view piece) {
  std::string out;
  out.reserve(piece.size());
  for (char c : piece) take(out, c);
  return out;
}

std::string Neutralizer::finish() {
  char held = held_;
  held_ = '\0';
  if (held == '\r') return "^M";
  return held == '\0' ? std::string() : std::string(1, held);
}

std::string visible(std::string_view text) {
  Neutralizer neutralizer;
  std::string out = neutralizer.feed(text);
  return out + neutralizer.finish();
}

std::string visible_line(std::string_view text) {
  std::string out;
  for (char c : visible(text)) {
    if (c == '\n' || c == '\t' || c == '\r') {
      out += c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r";
    } else {
      out += c;
    }
  }
  return out;
}

std::size_t code_points(std::string_view text) noexcept {
  std::size_t count = 0;
  for (char c : text) count += is_continuation(c) ? 0 : 1;
  return count;
}

std::string shortened(std::string_view text, std::size_t width) {
  if (code_points(text) <= width) return std::string(text);
  if (width == 0) return {};
  std::size_t end = 0;
  std::size_t count = 0;
  while (end < text.size()) {
    if (!is_continuation(text[end]) && ++count == width) break;
    ++end;
  }
  return std::string(text.substr(0, end)) + "…";
}

bool is_utf8(std::string_view text) noexcept {
  return all_sequences(text, [](std::string_view) { return true; });
}

bool is_plain_text(std::string_view text) noexcept {
  return all_sequences(text, [](std::string_view sequence) { return !is_control(sequence); });
}

}  // namespace errand::cli
