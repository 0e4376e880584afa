// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "errand/encoding.h"
#include "errand/error.h"
#include "journal/outcome.h"
#include "journal/values_writer.h"

namespace errand::journal {

/// Where a task's value goes: collected in memory while it is small, written to the values file from
/// 64 KiB on (and when it has several buffers). One after the other for all tasks of a worker: reset()
/// keeps the memory. Not thread-safe.
///
/// begin, write and next_buffer throw std::system_error when the disk refuses; every later write of the
/// same value throws it again, and finish() returns it, whatever was caught in between.
class StoredValueSink final : public ValueSink {
 public:
  /// Values of this many bytes and more are stored.
  static constexpr std::size_t stored_size = std::size_t{64} << 10;

  explicit StoredValueSink(ValuesWriter& values) : values_(&values) { inline_.reserve(stored_size); }

  void begin(Codec codec) override { codec_ = codec; }
  void write(const char* data, std::size_t size) override;
  void next_buffer() override;

  /// Ends the value. Its bytes are recorded, or in memory, when this returns.
  Result<void> finish();
  /// Codec, place and bytes of the finished value; the bytes live in the sink until reset().
  void describe(Outcome& outcome) const;
  /// Ready for the next value; what was begun and not finished is forgotten.
  void reset();

 private:
  void spill();
  void end_buffer();
  template <class T>
  T take(Result<T> result);

  ValuesWriter* values_;
  Codec codec_ = Codec::none;
  std::string inline_;   ///< the value so far; empty once spilled
  std::string buffers_;  ///< the stored buffers so far, as the log has them
  bool stored_ = false;
  std::optional<Error> error_;
};

}  // namespace errand::journal
