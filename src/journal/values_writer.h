// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "errand/error.h"
#include "journal/hash.h"
#include "journal/outcome.h"
#include "system/files.h"

namespace errand::journal {

/// The one writer of a values file: contiguous buffers, each at a multiple of 64 bytes, streamed without
/// knowing their length. Bytes that no log refers to are garbage and harmless. Not thread-safe.
///
/// After a failed write the open buffer is lost and what was written of it is garbage; the next
/// begin_buffer() starts behind it. After a failed sync() every call returns that error: what had been
/// written may not be on the disk.
class ValuesWriter {
 public:
  static constexpr std::size_t alignment = 64;
  static constexpr std::size_t staging_size = std::size_t{1} << 20;
  /// Pieces of this size and more are written from the caller's memory.
  static constexpr std::size_t direct_size = std::size_t{256} << 10;
  static constexpr std::uint64_t writeback_every = std::uint64_t{8} << 20;

  /// Opens the file for appending. Called when the first value comes, so that a job without large values
  /// has no values file.
  using Open = std::function<Result<std::unique_ptr<system::File>>()>;

  explicit ValuesWriter(Open open) : open_(std::move(open)) {}

  /// Requires that no buffer is open.
  Result<void> begin_buffer();
  /// Requires an open buffer.
  Result<void> write(std::span<const std::byte> bytes);
  /// The buffer is recorded when this returns: a log may refer to it. Requires an open buffer.
  Result<StoredBuffer> end_buffer();
  /// Forgets the open buffer, if there is one.
  void abandon() noexcept;
  /// Makes all ended buffers durable. To be called before the log that refers to them is synced.
  Result<void> sync();

  [[nodiscard]] bool in_buffer() const noexcept { return in_buffer_; }
  /// The file's length; 0 before the first value.
  [[nodiscard]] std::uint64_t bytes_written() const noexcept { return written_; }

 private:
  Result<void> find_end();
  Result<void> flush_staged();
  Result<void> write_direct(std::span<const std::byte> bytes);
  Result<void> append(std::span<const std::byte> bytes);

  Open open_;
  std::unique_ptr<system::File> file_;
  std::string staged_;
  RunningHash hash_;
  std::uint64_t written_ = 0;
  std::uint64_t written_back_ = 0;  ///< where write-back was last started
  std::uint64_t synced_ = 0;
  std::uint64_t buffer_begin_ = 0;
  bool in_buffer_ = false;
  bool end_known_ = false;  ///< written_ is the file's length
  std::optional<Error> sync_failure_;
};

}  // namespace errand::journal
