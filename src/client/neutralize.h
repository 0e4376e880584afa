// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace errand::client {

/// Makes control sequences visible, so that a task's text can do nothing to a terminal: ESC becomes ^[,
/// other control characters ^X, bytes of the C1 set \x9b. Line ends, tabs and everything printable stay.
/// Text may be cut anywhere between calls.
class Neutralizer {
 public:
  [[nodiscard]] std::string pass(std::string_view text);

 private:
  bool after_c2_ = false;      ///< the first byte of a two-byte character that may be a C1 control
  bool after_return_ = false;  ///< a carriage return that may begin a line end
  int continuation_ = 0;       ///< bytes of a UTF-8 character still to come
  void pass_byte(unsigned char byte, std::string& out);
};

}  // namespace errand::client
