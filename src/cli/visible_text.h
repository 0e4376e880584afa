// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// Text that comes from jobs and ends on a terminal.
namespace errand::cli {

/// Makes control characters visible (^[ for escape, <U+009B> for the 8-bit ones), so that a task's
/// output cannot move the cursor, set the title or answer for the user. Newline and tab stay; so does
/// a carriage return before a newline. Text may come in pieces cut anywhere.
class Neutralizer {
 public:
  /// The piece, harmless. What cannot be judged yet is held back for the next piece.
  [[nodiscard]] std::string feed(std::string_view piece);
  /// What was held back at the end.
  [[nodiscard]] std::string finish();

 private:
  void take(std::string& out, char c);
  char held_ = '\0';  ///< '\r' or 0xc2, waiting for its next byte
};

/// All of a text, neutralized.
[[nodiscard]] std::string visible(std::string_view text);

/// The same for one cell of a table: newlines and tabs are made visible too.
[[nodiscard]] std::string visible_line(std::string_view text);

/// Number of code points (bytes that begin none count as one each).
[[nodiscard]] std::size_t code_points(std::string_view text) noexcept;

/// At most `width` code points; what is cut ends in "…" (a width of 0 gives nothing).
[[nodiscard]] std::string shortened(std::string_view text, std::size_t width);

/// True if the text is well-formed UTF-8.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

/// True if the text is well-formed UTF-8 without control characters other than newline, tab and return.
[[nodiscard]] bool is_plain_text(std::string_view text) noexcept;

}  // namespace errand::cli
