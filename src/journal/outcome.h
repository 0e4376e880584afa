// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "errand/buffer.h"
#include "errand/error.h"
#include "errand/job_result.h"
#include "journal/outcome_head.h"

/// The body of an `outcomes` record: entries one after the other, each
///     u64 task, u32 attempt, u16 cause, u8 codec, u8 flags, u32 inline length, u32 elapsed microseconds
///     [flags bit 1: u64 begin, u64 end of the console span]
///     [flags bit 2: u64 started (UTC ns), u32 user ms, u32 system ms, u64 peak RSS bytes]
///     inline bytes, padded to 8
/// flags bit 0: the value lies in the worker's values file and the inline bytes are its buffers:
///     one or more of (u64 offset, u64 length, u64 XXH3-64).
namespace errand::journal {

struct ConsoleSpan {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};
struct Usage {
  std::int64_t started_ns = 0;
  std::uint32_t user_ms = 0;
  std::uint32_t system_ms = 0;
  std::uint64_t peak_rss = 0;
};
/// A contiguous piece of a values file, 64-byte aligned.
struct StoredBuffer {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::uint64_t hash = 0;
};

struct Outcome : OutcomeHead {
  std::uint32_t elapsed_us = 0;  ///< saturates at about 71 minutes
  std::optional<ConsoleSpan> console;
  std::optional<Usage> usage;
};

/// Appends one entry.
void append_outcome(std::string& body, const Outcome& outcome);

/// The next entry at `position`, which moves past it; nothing at the end. Errors: corrupt.
[[nodiscard]] Result<std::optional<Outcome>> read_outcome(std::span<const std::byte> body,
                                                          std::size_t& position);

void append_stored_buffer(std::string& inline_bytes, const StoredBuffer& buffer);
/// Errors: corrupt (no multiple of 24 bytes, or none).
[[nodiscard]] Result<std::vector<StoredBuffer>> read_stored_buffers(std::span<const std::byte> inline_bytes);

/// A failure as bytes: MessagePack map {type, message, traceback, native_codec, native}.
[[nodiscard]] std::string encode_failure(const TaskFailure& failure);
/// Total: what cannot be read becomes a TaskFailure that says so.
[[nodiscard]] TaskFailure decode_failure(const OutcomeHead& outcome);

}  // namespace errand::journal
