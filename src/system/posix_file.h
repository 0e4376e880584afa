// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <string>

#include "system/descriptor.h"
#include "system/files.h"

namespace errand::system {

[[nodiscard]] FileInfo to_info(const struct stat& status);

/// Up to the whole of `into` from `offset`, over short reads and interruptions; -1 with errno.
[[nodiscard]] long read_fully(int descriptor, std::uint64_t offset, std::span<std::byte> into) noexcept;
/// All of `bytes` at the descriptor's position (its end with O_APPEND); false with errno.
[[nodiscard]] bool write_fully(int descriptor, std::span<const std::byte> bytes) noexcept;

/// An open file of the operating system.
class PosixFile final : public File {
 public:
  /// `path` is for messages only. `mappable` false: view() reads into memory. `scratch`: never synced.
  PosixFile(Descriptor descriptor, std::string path, bool mappable, bool scratch)
      : descriptor_(std::move(descriptor)), path_(std::move(path)), mappable_(mappable), scratch_(scratch) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) override;
  Result<void> append(std::span<const std::byte> bytes) override;
  Result<void> sync() override;
  Result<FileInfo> info() override;
  Result<Buffer> view(std::uint64_t offset, std::uint64_t length) override;
  Result<std::shared_ptr<std::byte[]>> share_memory(std::size_t length) override;
  void start_writeback() override;
  Result<void> punch_hole(std::uint64_t offset, std::uint64_t length) override;
  Result<bool> try_lock() override;
  Result<bool> is_locked() override;
  [[nodiscard]] int descriptor() const override { return descriptor_.get(); }

 private:
  [[nodiscard]] Error failure(std::string_view doing, bool writing) const;
  Result<Buffer> map(std::uint64_t offset, std::uint64_t length);
  Result<Buffer> read_copy(std::uint64_t offset, std::uint64_t length);
  Result<void> allocate(std::size_t length);

  Descriptor descriptor_;
  std::string path_;
  bool mappable_;
  bool scratch_;
};

}  // namespace errand::system
