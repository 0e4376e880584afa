// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "system/memory_files.h"

namespace errand::system {

/// An open file of the twin. Fails for good after its process was killed or the power was cut.
class MemoryFile final : public File {
 public:
  /// With the tree's lock held.
  MemoryFile(std::shared_ptr<MemoryFiles> view, std::shared_ptr<MemoryNode> node, std::string path,
             bool writable);
  ~MemoryFile() override;
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) override;
  Result<void> append(std::span<const std::byte> bytes) override;
  Result<void> sync() override;
  Result<FileInfo> info() override;
  Result<Buffer> view(std::uint64_t offset, std::uint64_t length) override;
  Result<std::shared_ptr<std::byte[]>> share_memory(std::size_t length) override;
  void start_writeback() override {}
  Result<void> punch_hole(std::uint64_t offset, std::uint64_t length) override;
  Result<bool> try_lock() override;
  Result<bool> is_locked() override;
  [[nodiscard]] int descriptor() const override { return -1; }

 private:
  Result<void> begin(Operation kind);
  Result<void> begin_writing(Operation kind);
  /// What this process sees of the file now.
  const MemoryNode& seen();
  void write(std::string_view bytes);

  std::shared_ptr<MemoryFiles> view_;
  std::shared_ptr<MemoryNode> node_;  ///< everybody's
  std::shared_ptr<MemoryNode> seen_;
  std::string path_;
  bool writable_;
  std::uint64_t power_cuts_;
};

}  // namespace errand::system
