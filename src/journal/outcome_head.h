// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "errand/buffer.h"
#include "errand/job_result.h"
#include "journal/little_endian.h"

namespace errand::journal {

/// What counting outcomes and reading values needs of an entry.
struct OutcomeHead {
  std::uint64_t task = 0;
  std::uint32_t attempt = 0;
  FailureCause cause = FailureCause::none;
  Codec codec = Codec::none;
  bool stored = false;                      ///< the value is in the values file
  std::span<const std::byte> inline_bytes;  ///< the value, or its StoredBuffers
};

/// The sizes and flags of an entry; outcome.h has the layout.
namespace entry {

inline constexpr std::size_t fixed_size = 24;
inline constexpr std::size_t console_size = 16;
inline constexpr std::size_t usage_size = 24;

inline constexpr std::uint8_t flag_stored = 1;
inline constexpr std::uint8_t flag_console = 2;
inline constexpr std::uint8_t flag_usage = 4;
inline constexpr std::uint8_t known_flags = flag_stored | flag_console | flag_usage;

[[nodiscard]] constexpr std::size_t padded(std::size_t size) noexcept {
  return (size + 7) & ~std::size_t{7};
}

/// Bytes between the fixed part and the inline bytes.
[[nodiscard]] constexpr std::size_t optional_size(std::uint8_t flags) noexcept {
  return ((flags & flag_console) != 0 ? console_size : 0) + ((flags & flag_usage) != 0 ? usage_size : 0);
}

}  // namespace entry

/// The head of the entry at `position`, which moves past all of it. False, and nothing is changed, at the end
/// and at an entry that read_outcome refuses. Inline: a reader of results calls it twice for every task.
[[nodiscard]] inline bool read_head(std::span<const std::byte> body, std::size_t& position,
                                    OutcomeHead& head) noexcept {
  if (position >= body.size() || body.size() - position < entry::fixed_size) return false;
  const std::byte* at = body.data() + position;
  auto flags = load_little<std::uint8_t>(at + 15);
  auto length = load_little<std::uint32_t>(at + 16);
  std::size_t before = entry::fixed_size + entry::optional_size(flags);
  std::size_t size = before + entry::padded(length);
  if ((flags & ~entry::known_flags) != 0 || size > body.size() - position) return false;
  head.task = load_little<std::uint64_t>(at);
  head.attempt = load_little<std::uint32_t>(at + 8);
  head.cause = static_cast<FailureCause>(load_little<std::uint16_t>(at + 12));
  head.codec = static_cast<Codec>(load_little<std::uint8_t>(at + 14));
  head.stored = (flags & entry::flag_stored) != 0;
  head.inline_bytes = {at + before, length};
  position += size;
  return true;
}

}  // namespace errand::journal
