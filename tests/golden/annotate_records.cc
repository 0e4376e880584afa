// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>

#include "annotated_bytes.h"

namespace errand::golden {
namespace {

using std::uint16_t;
using std::uint32_t;
using std::uint64_t;
using std::uint8_t;

constexpr std::array type_names = {"",         "file_header", "manifest",  "arguments", "tasks",
                                   "closed",   "outcomes",    "sync_mark", "lost",      "request",
                                   "verdict",  "seal",        "claim",     "engine",    "fetched",
                                   "function", "vouched",     "submission"};

void annotate_tasks(AnnotatedBytes& bytes) {
  bytes.number<uint64_t>("first task");
  auto count = bytes.number<uint32_t>("tasks");
  auto codec = bytes.number<uint32_t>("codec");
  for (uint32_t task = 0; codec != 0 && task < count; ++task) {
    auto length = bytes.number<uint32_t>("length of a task's arguments:");
    if (length != 0) bytes.field(length, "its arguments");
  }
}

void annotate_value(AnnotatedBytes& bytes, bool stored, uint16_t cause, uint32_t length) {
  if (stored) {
    for (uint32_t at = 0; at < length; at += 24) {
      bytes.number<uint64_t>("  buffer at offset");
      bytes.number<uint64_t>("  of length");
      bytes.field(8, "  its XXH3-64");
    }
  } else if (cause != 0) {
    bytes.text(length, "  the failure, a MessagePack map:");
  } else if (length != 0) {
    bytes.field(length, "  the value");
  }
  if (length % 8 != 0) bytes.field(8 - length % 8, "  padding");
}

void annotate_entry(AnnotatedBytes& bytes) {
  bytes.number<uint64_t>("task");
  bytes.number<uint32_t>("  attempt");
  auto cause = bytes.number<uint16_t>("  cause");
  bytes.number<uint8_t>("  codec");
  auto flags = bytes.number<uint8_t>("  flags");
  auto length = bytes.number<uint32_t>("  length of the inline bytes:");
  bytes.number<uint32_t>("  elapsed microseconds:");
  if ((flags & 2) != 0) {
    bytes.number<uint64_t>("  console text from byte");
    bytes.number<uint64_t>("  to byte");
  }
  if ((flags & 4) != 0) {
    bytes.number<uint64_t>("  started, UTC ns:");
    bytes.number<uint32_t>("  user ms:");
    bytes.number<uint32_t>("  system ms:");
    bytes.number<uint64_t>("  peak memory, bytes:");
  }
  annotate_value(bytes, (flags & 1) != 0, cause, length);
}

void annotate_body(AnnotatedBytes& bytes, uint32_t type, uint64_t length) {
  std::size_t end = bytes.position() + length;
  switch (type) {
    case 1:
    case 2:
      bytes.text(length, "MessagePack map:");
      break;
    case 3:
      bytes.number<uint32_t>("codec");
      bytes.field(4, "zero");
      bytes.field(length - 8, "the shared arguments");
      break;
    case 4:
      annotate_tasks(bytes);
      break;
    case 5:
      bytes.number<uint64_t>("tasks in all:");
      break;
    case 6:
      while (bytes.position() < end) annotate_entry(bytes);
      break;
    case 7:
      bytes.number<uint64_t>("durable up to byte");
      break;
    default:
      bytes.text(length, "body:");
  }
}

}  // namespace

std::string annotate_records(std::string_view file) {
  AnnotatedBytes bytes(file);
  while (bytes.position() < file.size()) {
    auto type = bytes.peek<uint32_t>();
    if (bytes.position() != 0) bytes.heading("");
    bytes.field(4, fmt::format("type {}: {}", type, type_names.at(type)));
    auto flags = bytes.peek<uint32_t>();
    bytes.field(4, fmt::format("flags {}{}", flags, (flags & 1) != 0 ? ": must be understood" : ""));
    auto length = bytes.number<uint64_t>("length of the body:");
    bytes.field(8, "XXH3-64 of the 16 bytes before and of the body");
    annotate_body(bytes, type, length);
    if (length % 8 != 0) bytes.field(8 - length % 8, "padding");
  }
  return bytes.written();
}

}  // namespace errand::golden
