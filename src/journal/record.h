// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "errand/error.h"
#include "system/files.h"

/// Append-only record files. A record is a 24-byte little-endian header
///     u32 type, u32 flags, u64 length of the body, u64 XXH3-64 of the first 16 bytes and the body
/// and its body, padded with zeros to a multiple of 8 (padding is neither counted nor hashed).
/// docs/job-directory.md is the registry of types; numbers are never reused.
namespace errand::journal {

enum class RecordType : std::uint32_t {
  file_header = 1,  ///< first record of every file
  manifest = 2,
  arguments = 3,  ///< the shared arguments: u32 codec, u32 zero, bytes
  tasks = 4,      ///< a run of tasks: u64 first, u32 count, u32 codec, then count x (u32 length, bytes)
  closed = 5,     ///< u64 number of tasks: no more will come
  outcomes = 6,   ///< a run of entries (outcome.h)
  sync_mark = 7,  ///< u64: bytes of this file before it survive a power cut
  lost = 8,       ///< a start of a task that ended without an outcome
  request = 9,    ///< cancel, retry, cancel of single tasks
  verdict = 10,   ///< what became of a cancel
  seal = 11,      ///< the settled job in one record
  claim = 12,     ///< ownership of a chunk generation
  engine = 13,    ///< the engine's name for the job
  fetched = 14,
  function = 15,    ///< a function by value: u32 codec, u32 zero, bytes
  vouched = 16,     ///< in an owner's log: it made another's log durable: u32 chunk, generation, worker,
                    ///< zero, u64 bytes
  submission = 17,  ///< tasks handed to a scheduler, before it was asked
};

[[nodiscard]] std::string_view to_string(RecordType type) noexcept;

/// Bit 0 of flags: a reader that does not know the type must refuse the file, else skip the record.
inline constexpr std::uint32_t must_understand = 1;
inline constexpr std::size_t record_header_size = 24;

/// Bytes a record of that body takes in the file.
[[nodiscard]] constexpr std::uint64_t record_size(std::uint64_t body) noexcept {
  return record_header_size + ((body + 7) & ~std::uint64_t{7});
}

/// Appends a whole record to `out`.
void append_record(std::string& out, RecordType type, std::string_view body, std::uint32_t flags = 0);

/// For writers that build the body in place: reserves a header at the end of `out` and gives its
/// position; finish_record then fills header and padding for everything appended since.
[[nodiscard]] std::size_t begin_record(std::string& out);
void finish_record(std::string& out, std::size_t position, RecordType type, std::uint32_t flags = 0);

struct Record {
  RecordType type = RecordType::file_header;
  std::uint32_t flags = 0;
  std::uint64_t offset = 0;  ///< of the header, in the file
  std::span<const std::byte> body;

  [[nodiscard]] std::string_view text() const noexcept {
    return {reinterpret_cast<const char*>(body.data()), body.size()};
  }
};

/// Walks the records of some bytes that begin at a record boundary. Stops at the first record that is
/// torn, altered or unknown-and-required, keeps the good prefix and says what it dropped. Total: any
/// bytes at all give records or an end, never a crash.
class RecordReader {
 public:
  /// `base`: the offset of bytes[0] in the file.
  RecordReader(std::span<const std::byte> bytes, std::uint64_t base = 0) : bytes_(bytes), base_(base) {}
  /// The next record, or nothing at the end of the good prefix.
  [[nodiscard]] std::optional<Record> next();
  /// File offset just behind the last good record.
  [[nodiscard]] std::uint64_t good_end() const noexcept { return base_ + position_; }
  /// Why the walk ended before the end of the bytes, with the offset; empty if it did not.
  [[nodiscard]] const std::string& dropped() const noexcept { return dropped_; }

 private:
  std::span<const std::byte> bytes_;
  std::uint64_t base_;
  std::uint64_t position_ = 0;
  std::string dropped_;
};

/// What the first record of a file says: MessagePack map. `kind` is the file's role ("job", "log",
/// "claim", ...). Minor versions add; a higher major is refused.
struct FileHeader {
  std::uint16_t major = 1;
  std::uint16_t minor = 0;
  std::string kind;
  std::string job;
  std::uint32_t chunk = 0;
  std::uint32_t generation = 0;
  std::uint32_t worker = 0;
};
void append_file_header(std::string& out, const FileHeader& header);
/// Errors: corrupt (not a file header, or of another kind), version_mismatch.
[[nodiscard]] Result<FileHeader> parse_file_header(const Record& record, std::string_view kind);

}  // namespace errand::journal
