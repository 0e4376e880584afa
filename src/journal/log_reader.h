// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "errand/buffer.h"
#include "errand/error.h"
#include "journal/record.h"
#include "system/files.h"

namespace errand::journal {

/// Reads a log as far as it is good, again and again while it grows: each refresh reads only what is new.
/// Bytes that are torn or altered end the good prefix; they are looked at again with the next refresh,
/// because the writer may not have finished them. Not thread-safe.
class LogReader {
 public:
  /// Sees one record. An error ends the refresh, which returns it; the record is seen again next time.
  using Visitor = std::function<Result<void>(const Record&)>;
  static constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();
  /// What is held in memory at a time; more only while a single record is larger.
  static constexpr std::size_t window_size = std::size_t{8} << 20;

  /// `name`: the file's, for messages.
  explicit LogReader(std::unique_ptr<system::File> file, std::string name = "the log")
      : file_(std::move(file)), name_(std::move(name)) {}

  /// Visits the good records behind good_end(), as far as they lie within the first `limit` bytes of the
  /// file. A record's body lives only during the visit.
  Result<void> refresh(const Visitor& visit, std::uint64_t limit = no_limit);
  /// The same, through one view of everything that is new: the bodies live as long as the buffer.
  Result<Buffer> refresh_in_place(const Visitor& visit, std::uint64_t limit = no_limit);
  /// The good prefix.
  Result<Buffer> view() { return file_->view(0, good_end_); }

  /// Behind the last good record that was visited.
  [[nodiscard]] std::uint64_t good_end() const noexcept { return good_end_; }
  /// What the latest believable sync mark claims: records that end here or before are durable.
  [[nodiscard]] std::uint64_t durable_end() const noexcept { return durable_end_; }
  /// Why the last refresh ended before the end of the file, with the offset; empty if it did not.
  [[nodiscard]] const std::string& dropped() const noexcept { return dropped_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] system::File& file() noexcept { return *file_; }

 private:
  Result<std::span<const std::byte>> read_window(std::uint64_t length);
  Result<void> walk(std::span<const std::byte> bytes, const Visitor& visit);
  void note_sync_mark(const Record& record);
  [[nodiscard]] std::uint64_t window_for(std::span<const std::byte> rest) const;

  std::unique_ptr<system::File> file_;
  std::string name_;
  std::vector<std::byte> window_;
  std::uint64_t good_end_ = 0;
  std::uint64_t durable_end_ = 0;
  std::string dropped_;
};

}  // namespace errand::journal
