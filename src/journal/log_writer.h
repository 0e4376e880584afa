// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "errand/error.h"
#include "journal/outcome.h"
#include "journal/record.h"
#include "system/clock.h"
#include "system/files.h"

namespace errand::journal {

/// The one writer of a log. Records gather in memory in the order they are added; flush() makes them
/// recorded with one write, sync() makes them durable. Not thread-safe.
///
/// After a failed write or sync the file's tail is unknown: the writer then drops what waits, refuses
/// everything and returns the same error ever after. Readers keep the good prefix.
class LogWriter {
 public:
  /// Flush when the last flush is this old or this much waits: bounds what a killed worker loses.
  static constexpr std::int64_t flush_age_ns = 10'000'000;
  static constexpr std::size_t flush_bytes = std::size_t{64} << 10;

  /// `file`: open for appending, ending at a record boundary; `size`: its length now.
  explicit LogWriter(std::unique_ptr<system::File> file, std::uint64_t size = 0,
                     const system::Clock& clock = system::system_clock());

  /// Adds an entry to the open `outcomes` record. Memory only. The bytes of a value in the values file
  /// must have been written before (ValuesWriter::end_buffer).
  void add(const Outcome& outcome);
  /// Adds a whole record behind everything added so far. Memory only.
  void add_record(RecordType type, std::string_view body, std::uint32_t flags = 0);
  void add_file_header(const FileHeader& header);
  void add_closed(std::uint64_t tasks);

  /// Appends what waits with one write. Nothing happens if nothing waits.
  Result<void> flush();
  /// flush, then fsync, then a sync_mark. The values file must have been synced before: the mark claims
  /// that every outcome before it survives a power cut. Nothing is written if nothing new came since.
  /// `before_mark`: what else has to be durable for that claim; called between fsync and mark.
  Result<void> sync(const std::function<Result<void>()>& before_mark = {});

  /// True if something waits and has waited long enough. `monotonic_ns`: the clock's, as read by the
  /// caller, who has just timed a task anyway.
  [[nodiscard]] bool flush_due(std::int64_t monotonic_ns) const noexcept {
    return !waiting_.empty() &&
           (waiting_.size() >= flush_bytes || monotonic_ns - last_flush_ns_ >= flush_age_ns);
  }
  [[nodiscard]] std::size_t bytes_waiting() const noexcept { return waiting_.size(); }
  /// Monotonic; of the writer's making before the first flush.
  [[nodiscard]] std::int64_t last_flush_ns() const noexcept { return last_flush_ns_; }
  /// The file's length: all of it is recorded.
  [[nodiscard]] std::uint64_t bytes_written() const noexcept { return written_; }
  /// What the last sync mark claims.
  [[nodiscard]] std::uint64_t bytes_synced() const noexcept { return synced_; }
  /// True if something that is recorded is not yet durable.
  [[nodiscard]] bool sync_due() const noexcept { return written_ != marked_; }
  [[nodiscard]] const std::optional<Error>& failure() const noexcept { return failure_; }
  [[nodiscard]] system::File& file() noexcept { return *file_; }

 private:
  void close_outcomes();
  Result<void> write_waiting();
  Result<void> fail(Error error);

  std::unique_ptr<system::File> file_;
  const system::Clock* clock_;
  std::string waiting_;
  std::optional<std::size_t> open_outcomes_;  ///< where in waiting_ the open record begins
  std::uint64_t written_;
  std::uint64_t synced_ = 0;
  std::uint64_t marked_ = 0;  ///< the file's length just behind the last sync mark
  std::int64_t last_flush_ns_;
  std::optional<Error> failure_;
};

}  // namespace errand::journal
