// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <utility>

#include "system/files.h"

namespace errand::database {

/// The file active/<id> of a database: writing to it rings. It has no bytes.
class MarkFile final : public system::File {
 public:
  explicit MarkFile(std::function<Result<void>()> ring) : ring_(std::move(ring)) {}

  Result<void> append(std::span<const std::byte>) override { return ring_(); }
  Result<std::size_t> read_at(std::uint64_t, std::span<std::byte>) override { return std::size_t{0}; }
  Result<void> sync() override { return {}; }
  Result<system::FileInfo> info() override { return system::FileInfo(); }
  Result<Buffer> view(std::uint64_t, std::uint64_t) override { return Buffer(); }
  Result<std::shared_ptr<std::byte[]>> share_memory(std::size_t) override { return unable(); }
  void start_writeback() override {}
  Result<void> punch_hole(std::uint64_t, std::uint64_t) override { return unable(); }
  Result<bool> try_lock() override { return unable(); }
  Result<bool> is_locked() override { return false; }
  [[nodiscard]] int descriptor() const override { return -1; }

 private:
  static Error unable() {
    return {ErrorCode::not_supported, "a mark in a database is only rung", false, "", 0};
  }
  std::function<Result<void>()> ring_;
};

}  // namespace errand::database
