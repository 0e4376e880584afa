// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "errand/buffer.h"
#include "errand/error.h"
#include "journal/outcome.h"
#include "system/files.h"

namespace errand::journal {

/// Reads values back from a values file: mapped where the file system allows it, and only after their
/// checksum was found right. Not thread-safe; the buffers it gives are, and outlive it.
class ValueReader {
 public:
  /// Small buffers share a view of this size: a mapping of their own for each would exhaust the
  /// process's mappings (65,530 by default).
  static constexpr std::uint64_t window_size = std::uint64_t{16} << 20;
  /// Buffers of this size and more get their own.
  static constexpr std::uint64_t own_view_size = std::uint64_t{4} << 20;

  /// `name`: the file's, for messages.
  explicit ValueReader(std::unique_ptr<system::File> file, std::string name = "the values file")
      : file_(std::move(file)), name_(std::move(name)) {}

  /// One checked buffer. Errors: corrupt (file and offset named), place_unreadable, system.
  Result<Buffer> read(const StoredBuffer& buffer);
  /// All buffers of an outcome that is `stored`. Errors: as above.
  Result<std::vector<Buffer>> read(const OutcomeHead& outcome);

 private:
  Result<Buffer> view(const StoredBuffer& buffer);
  [[nodiscard]] Error wrong(const StoredBuffer& buffer, const std::string& what) const;

  std::unique_ptr<system::File> file_;
  std::string name_;
  std::uint64_t window_begin_ = 0;
  std::shared_ptr<const Buffer> window_;
};

}  // namespace errand::journal
