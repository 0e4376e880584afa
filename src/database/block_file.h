// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "database/read_ahead.h"
#include "database/session.h"
#include "database/table_file.h"

namespace errand::database {

/// Where a file's blocks are. Shared by those who have the file open and the tree, which renames staged ones.
struct BlockLocation {
  std::string owner;
  std::string directory;
  std::string file;
};

/// Bytes per row: with more of them a row costs the server memory, with fewer a file costs more rows.
inline constexpr std::size_t block_size = std::size_t{512} << 10;
/// Files of at most this size are fetched when they are opened.
inline constexpr std::int64_t fetched_at_once = 64 << 10;

/// An open file whose bytes are rows of errand.block. Not thread-safe.
class BlockFile final : public TableFile {
 public:
  /// Errors: not_found.
  static Result<std::unique_ptr<BlockFile>> open(std::shared_ptr<Session> session, BlockLocation location);
  /// With the bytes that somebody has read a moment ago, all of them.
  static std::unique_ptr<BlockFile> of(std::shared_ptr<Session> session, BlockLocation location,
                                       const ReadAhead::Content& content);
  /// Of a file that was just created and has `size` bytes.
  BlockFile(std::shared_ptr<Session> session, BlockLocation location, std::uint64_t size)
      : session_(std::move(session)), location_(std::move(location)), size_(size) {}
  ~BlockFile() override;

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) override;
  Result<void> append(std::span<const std::byte> bytes) override;
  /// Asked before anything else, it tells what opening has read: who opens a file and asks at once pays once.
  Result<system::FileInfo> info() override;
  Result<Buffer> view(std::uint64_t offset, std::uint64_t length) override;
  Result<bool> try_lock() override;
  Result<bool> is_locked() override;

 private:
  void make_room(std::size_t size);
  void know(std::span<const std::byte> bytes);
  Result<void> append_group(std::span<const std::byte> bytes);
  Result<bool> put_block(Connection& connection, std::uint64_t start, std::span<const std::byte> bytes);
  Result<bool> put_blocks(Connection& connection, std::span<const std::byte> bytes);
  Result<bool> is_already_there(std::span<const std::byte> bytes);
  Result<std::size_t> fetch(std::uint64_t offset, std::span<std::byte> into);
  Result<system::FileInfo> ask_info();
  [[nodiscard]] std::int64_t lock_key() const;

  std::shared_ptr<Session> session_;
  BlockLocation location_;
  std::uint64_t size_ = 0;
  std::int64_t modified_us_ = 0;
  bool is_just_opened_ = false;  ///< size_ and modified_us_ are what there was a moment ago
  /// The file's first `known_` bytes: append-only, so they stay right. Views share it; it grows by moving.
  std::shared_ptr<std::byte[]> kept_;
  std::size_t known_ = 0;
  std::size_t room_ = 0;
  std::uint64_t locked_in_ = 0;  ///< the session's generation when the lock was taken; 0: not locked
};

/// What FileInfo says of something in a database: its owner is this user, its inode a hash of its name.
[[nodiscard]] system::FileInfo info_of(const BlockLocation& location, system::FileInfo::Kind kind,
                                       std::uint64_t size, std::int64_t modified_us);
[[nodiscard]] Error no_such_file(const std::string& path);

}  // namespace errand::database
