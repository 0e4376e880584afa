// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <utility>

#include "database/table_file.h"

namespace errand::database {

/// The file active/<id> of a database: writing to it rings. It has no bytes.
class MarkFile final : public TableFile {
 public:
  explicit MarkFile(std::function<Result<void>()> ring) : ring_(std::move(ring)) {}

  Result<void> append(std::span<const std::byte>) override { return ring_(); }
  Result<std::size_t> read_at(std::uint64_t, std::span<std::byte>) override { return std::size_t{0}; }
  Result<system::FileInfo> info() override { return system::FileInfo(); }
  Result<Buffer> view(std::uint64_t, std::uint64_t) override { return Buffer(); }
  Result<bool> is_locked() override { return false; }

 private:
  std::function<Result<void>()> ring_;
};

}  // namespace errand::database
