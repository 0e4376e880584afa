// SPDX-License-Identifier: Apache-2.0
#include "client/neutralize.h"

namespace errand::client {
namespace {

constexpr char hex_digits[] = "0123456789abcdef";

void append_hex(std::string& out, unsigned char byte) {
  out += "\\x";
  out += hex_digits[byte >> 4];
  out += hex_digits[byte & 15];
}

/// Bytes that follow a first byte of UTF-8; -1: it is none.
int continuation_of(unsigned char byte) {
  if (byte >= 0xc2 && byte <= 0xdf) return 1;
  if (byte >= 0xe0 && byte <= 0xef) return 2;
  if (byte >= 0xf0 && byte <= 0xf4) return 3;
  return -1;
}

}  // namespace

std::string Neutralizer::pass(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (char c : text) pass_byte(static_cast<unsigned char>(c), out);
  return out;
}

void Neutralizer::pass_byte(unsigned char byte, std::string& out) {
  if (after_return_ && byte != '\n') out += "^M";
  after_return_ = byte == '\r';
  if (after_return_) return;
  if (after_c2_) {
    after_c2_ = false;
    bool control = byte >= 0x80 && byte <= 0x9f;
    if (control) return append_hex(out, byte);
    out += '\xc2';
    if (byte >= 0xa0 && byte <= 0xbf) {
      out += static_cast<char>(byte);
      return;
    }
  }
  bool continues = byte >= 0x80 && byte <= 0xbf;
  if (continues && continuation_ > 0) {
    --continuation_;
    out += static_cast<char>(byte);
    return;
  }
  continuation_ = 0;
  if (byte == 0xc2) {
    after_c2_ = true;
  } else if (byte >= 0x80) {
    int more = continuation_of(byte);
    if (more < 0) return append_hex(out, byte);
    continuation_ = more;
    out += static_cast<char>(byte);
  } else if (byte == 0x7f) {
    out += "^?";
  } else if (byte < 0x20 && byte != '\n' && byte != '\t') {
    out += '^';
    out += static_cast<char>(byte + 0x40);
  } else {
    out += static_cast<char>(byte);
  }
}

}  // namespace errand::client
