// SPDX-License-Identifier: Apache-2.0
#include "journal/outcome.h"

#include <cstring>

#include "journal/corrupt.h"
#include "journal/little_endian.h"

namespace errand::journal {
namespace {

using namespace entry;

constexpr std::size_t stored_buffer_size = 24;

std::uint8_t flags_of(const Outcome& outcome) noexcept {
  return static_cast<std::uint8_t>((outcome.stored ? flag_stored : 0) | (outcome.console ? flag_console : 0) |
                                   (outcome.usage ? flag_usage : 0));
}

char* store_usage(char* at, const Usage& usage) noexcept {
  at = store_little(at, usage.started_ns);
  at = store_little(at, usage.user_ms);
  at = store_little(at, usage.system_ms);
  return store_little(at, usage.peak_rss);
}

Usage load_usage(const std::byte* at) noexcept {
  return {load_little<std::int64_t>(at), load_little<std::uint32_t>(at + 8),
          load_little<std::uint32_t>(at + 12), load_little<std::uint64_t>(at + 16)};
}

Error entry_error(std::size_t position, const char* what) {
  return corrupt("the entry at byte " + std::to_string(position) + " of an outcomes record " + what);
}

/// What the head leaves out. Requires all of the entry to be there.
void load_rest(const std::byte* at, Outcome& outcome) noexcept {
  auto flags = load_little<std::uint8_t>(at + 15);
  outcome.elapsed_us = load_little<std::uint32_t>(at + 20);
  at += fixed_size;
  if ((flags & flag_console) != 0) {
    outcome.console = ConsoleSpan{load_little<std::uint64_t>(at), load_little<std::uint64_t>(at + 8)};
    at += console_size;
  }
  if ((flags & flag_usage) != 0) outcome.usage = load_usage(at);
}

}  // namespace

void append_outcome(std::string& body, const Outcome& outcome) {
  std::uint8_t flags = flags_of(outcome);
  std::size_t length = outcome.inline_bytes.size();
  std::size_t start = body.size();
  body.resize(start + fixed_size + optional_size(flags) + padded(length));
  char* at = body.data() + start;
  at = store_little(at, outcome.task);
  at = store_little(at, outcome.attempt);
  at = store_little(at, static_cast<std::uint16_t>(outcome.cause));
  at = store_little(at, static_cast<std::uint8_t>(outcome.codec));
  at = store_little(at, flags);
  at = store_little(at, static_cast<std::uint32_t>(length));
  at = store_little(at, outcome.elapsed_us);
  if (outcome.console) at = store_little(store_little(at, outcome.console->begin), outcome.console->end);
  if (outcome.usage) at = store_usage(at, *outcome.usage);
  if (length != 0) std::memcpy(at, outcome.inline_bytes.data(), length);
}

Result<std::optional<Outcome>> read_outcome(std::span<const std::byte> body, std::size_t& position) {
  if (position >= body.size()) return std::optional<Outcome>();
  // Filled where it will stay: moving one costs as much as reading it.
  Result<std::optional<Outcome>> result{std::optional<Outcome>(std::in_place)};
  std::size_t begin = position;
  if (!read_head(body, position, **result)) {
    bool whole = body.size() - begin >= fixed_size;
    auto flags = whole ? load_little<std::uint8_t>(body.data() + begin + 15) : std::uint8_t{0};
    bool known = (flags & ~known_flags) == 0;
    return entry_error(begin, known ? "is cut short" : "has flags that are not known");
  }
  load_rest(body.data() + begin, **result);
  return result;
}

void append_stored_buffer(std::string& inline_bytes, const StoredBuffer& buffer) {
  std::size_t start = inline_bytes.size();
  inline_bytes.resize(start + stored_buffer_size);
  char* at = inline_bytes.data() + start;
  at = store_little(at, buffer.offset);
  at = store_little(at, buffer.length);
  store_little(at, buffer.hash);
}

Result<std::vector<StoredBuffer>> read_stored_buffers(std::span<const std::byte> inline_bytes) {
  if (inline_bytes.empty() || inline_bytes.size() % stored_buffer_size != 0) {
    return corrupt("the list of a value's buffers has " + std::to_string(inline_bytes.size()) +
                   " bytes, which is no multiple of 24 above 0");
  }
  std::vector<StoredBuffer> buffers;
  buffers.reserve(inline_bytes.size() / stored_buffer_size);
  for (std::size_t at = 0; at < inline_bytes.size(); at += stored_buffer_size) {
    const std::byte* from = inline_bytes.data() + at;
    buffers.push_back({load_little<std::uint64_t>(from), load_little<std::uint64_t>(from + 8),
                       load_little<std::uint64_t>(from + 16)});
  }
  return buffers;
}

}  // namespace errand::journal
