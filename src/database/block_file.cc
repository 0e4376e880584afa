// SPDX-License-Identifier: Apache-2.0
#include "database/block_file.h"

#define XXH_INLINE_ALL
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "database/statements.h"
#include "database/tree_path.h"
#include "system/try.h"

namespace errand::database {
namespace {

constexpr std::size_t most_kept = std::size_t{64} << 20;
/// Bytes of one transaction: each is a wait for the server's disk.
constexpr std::size_t group_size = std::size_t{8} << 20;

Parameters file_parameters(const BlockLocation& location) {
  Parameters parameters;
  parameters.text(location.owner).text(location.directory).text(location.file);
  return parameters;
}

Error taken(const BlockLocation& location, std::uint64_t offset) {
  return {ErrorCode::exists,
          location.directory + "/" + location.file + " has another writer: there are bytes at " +
              std::to_string(offset),
          false, "", EEXIST};
}

}  // namespace

Error no_such_file(const std::string& path) {
  return {ErrorCode::not_found, path + " is not there", false, "", ENOENT};
}

system::FileInfo info_of(const BlockLocation& location, system::FileInfo::Kind kind, std::uint64_t size,
                         std::int64_t modified_us) {
  const std::string name = location.owner + '\0' + location.directory + '\0' + location.file;
  system::FileInfo info;
  info.kind = kind;
  info.size = size;
  info.inode = XXH3_64bits(name.data(), name.size());
  info.owner = geteuid();
  info.mode = 0600;
  info.modified_ns = info.changed_ns = modified_us * 1000;
  return info;
}

Result<std::unique_ptr<BlockFile>> BlockFile::open(std::shared_ptr<Session> session, BlockLocation location) {
  Parameters parameters = file_parameters(location);
  parameters.number(fetched_at_once);
  TRY(Rows rows, session->run(statements::open_file, parameters));
  if (rows.count() == 0) return no_such_file(location.directory + "/" + location.file);
  auto file = std::make_unique<BlockFile>(std::move(session), std::move(location), 0);
  for (std::size_t row = 0; row < rows.count(); ++row) {
    file->size_ = static_cast<std::uint64_t>(rows.number(row, 0) + rows.number(row, 1));
    file->modified_us_ = std::max(file->modified_us_, rows.number(row, 2));
  }
  file->is_just_opened_ = true;
  if (rows.is_null(0, 3)) return file;
  file->make_room(file->size_);
  for (std::size_t row = 0; row < rows.count(); ++row) file->know(rows.bytes(row, 3));
  return file;
}

std::unique_ptr<BlockFile> BlockFile::of(std::shared_ptr<Session> session, BlockLocation location,
                                         const ReadAhead::Content& content) {
  auto file = std::make_unique<BlockFile>(std::move(session), std::move(location), content.bytes.size());
  file->modified_us_ = content.modified_us;
  file->is_just_opened_ = true;
  file->make_room(content.bytes.size());
  file->know(std::as_bytes(std::span(content.bytes)));
  return file;
}

/// Of the file's first bytes.
void BlockFile::make_room(std::size_t size) {
  room_ = size;
  kept_ = std::make_shared_for_overwrite<std::byte[]>(std::max<std::size_t>(size, 1));
}

/// The next bytes behind those that are known; there is room for them.
void BlockFile::know(std::span<const std::byte> bytes) {
  std::copy(bytes.begin(), bytes.end(), kept_.get() + known_);
  known_ += bytes.size();
}

BlockFile::~BlockFile() {
  if (locked_in_ == 0 || locked_in_ != session_->generation()) return;
  (void)session_->run(statements::unlock, Parameters().number(lock_key()));
}

std::int64_t BlockFile::lock_key() const {
  const std::string name = location_.owner + '\0' + location_.directory + '\0' + location_.file;
  return static_cast<std::int64_t>(XXH3_64bits(name.data(), name.size()) >> 33);
}

Result<std::size_t> BlockFile::fetch(std::uint64_t offset, std::span<std::byte> into) {
  if (into.empty()) return std::size_t{0};
  const std::uint64_t end = offset + into.size();
  Parameters parameters = file_parameters(location_);
  parameters.number(static_cast<std::int64_t>(offset)).number(static_cast<std::int64_t>(end));
  std::uint64_t reached = offset;
  auto take = [&](const Rows& row) -> Result<void> {
    const auto start = static_cast<std::uint64_t>(row.number(0, 0));
    const auto data = row.bytes(0, 1);
    if (start > reached || start + data.size() <= reached) return {};  // a gap ends what can be read
    const std::uint64_t skipped = reached - start;
    const std::size_t count = std::min<std::uint64_t>(data.size() - skipped, end - reached);
    std::memcpy(into.data() + (reached - offset), data.data() + skipped, count);
    reached += count;
    return {};
  };
  TRY_VOID(session_->with([&](Connection& connection) -> Result<void> {
    reached = offset;
    return connection.stream(statements::read_range, parameters, take);
  }));
  return static_cast<std::size_t>(reached - offset);
}

Result<std::size_t> BlockFile::read_at(std::uint64_t offset, std::span<std::byte> into) {
  is_just_opened_ = false;
  if (offset < known_) {
    const std::size_t there = std::min<std::size_t>(into.size(), known_ - offset);
    std::memcpy(into.data(), kept_.get() + offset, there);
    if (there == into.size()) return there;
    TRY(std::size_t more, fetch(known_, into.subspan(there)));
    return there + more;
  }
  return fetch(offset, into);
}

Result<Buffer> BlockFile::view(std::uint64_t offset, std::uint64_t length) {
  is_just_opened_ = false;
  TRY(system::FileInfo now, length > known_ - std::min<std::uint64_t>(offset, known_)
                                ? ask_info()
                                : Result<system::FileInfo>(system::FileInfo{.size = size_}));
  if (offset >= now.size) return Buffer();
  length = std::min<std::uint64_t>(length, now.size - offset);
  if (offset + length > most_kept) {
    auto own = std::make_shared_for_overwrite<std::byte[]>(length);
    TRY(std::size_t count, read_at(offset, {own.get(), length}));
    return Buffer(own, {own.get(), count});
  }
  if (offset + length > known_) {
    if (offset + length > room_) {
      const std::size_t room = std::max<std::size_t>(offset + length, 2 * room_);
      auto larger = std::make_shared_for_overwrite<std::byte[]>(room);
      if (known_ > 0) std::memcpy(larger.get(), kept_.get(), known_);
      kept_ = std::move(larger);
      room_ = room;
    }
    TRY(std::size_t more, fetch(known_, {kept_.get() + known_, offset + length - known_}));
    known_ += more;
  }
  const std::size_t count = known_ > offset ? std::min<std::size_t>(length, known_ - offset) : 0;
  return Buffer(kept_, {kept_.get() + offset, count});
}

/// After a lost session the first try may have been carried out. Another writer's bytes are no answer.
Result<bool> BlockFile::is_already_there(std::span<const std::byte> bytes) {
  std::vector<std::byte> there(bytes.size());
  TRY(std::size_t count, fetch(size_, there));
  return count == bytes.size() && std::equal(bytes.begin(), bytes.end(), there.begin());
}

Result<bool> BlockFile::put_block(Connection& connection, std::uint64_t start,
                                  std::span<const std::byte> bytes) {
  Parameters parameters = file_parameters(location_);
  // What lies beside the jobs (tombstones) has many writers, and only serves better messages.
  if (location_.directory.empty()) {
    TRY(Rows rows, connection.run(statements::append_behind, parameters.bytes(bytes)));
    return rows.count() > 0;
  }
  const std::string channel = channel_or_nobody(location_.directory);
  parameters.number(static_cast<std::int64_t>(start)).bytes(bytes).text(channel);
  TRY(Rows rows, connection.run(statements::append, parameters));
  return rows.count() > 0;
}

/// One commit for several blocks. False: some of them were there.
Result<bool> BlockFile::put_blocks(Connection& connection, std::span<const std::byte> bytes) {
  TRY_VOID(connection.run_script("begin"));
  Result<bool> put = true;
  for (std::size_t done = 0; done < bytes.size() && put && *put; done += block_size) {
    put = put_block(connection, size_ + done, bytes.subspan(done, std::min(block_size, bytes.size() - done)));
  }
  TRY_VOID(connection.run_script(put && *put ? "commit" : "rollback"));
  return put;
}

Result<void> BlockFile::append_group(std::span<const std::byte> bytes) {
  bool put = false;
  bool repeated = false;
  TRY_VOID(session_->with(
      [&](Connection& connection) -> Result<void> {
        TRY(put,
            bytes.size() <= block_size ? put_block(connection, size_, bytes) : put_blocks(connection, bytes));
        return {};
      },
      &repeated));
  if (!put && repeated) {
    TRY(put, is_already_there(bytes));
  }
  if (!put) return taken(location_, size_);
  size_ += bytes.size();
  return {};
}

Result<void> BlockFile::append(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto group = bytes.first(std::min(bytes.size(), group_size));
    TRY_VOID(append_group(group));
    bytes = bytes.subspan(group.size());
  }
  return {};
}

Result<system::FileInfo> BlockFile::info() {
  if (!std::exchange(is_just_opened_, false)) return ask_info();
  return info_of(location_, system::FileInfo::Kind::file, size_, modified_us_);
}

Result<system::FileInfo> BlockFile::ask_info() {
  TRY(Rows rows, session_->run(statements::file_info, file_parameters(location_)));
  if (rows.count() == 0) return no_such_file(location_.directory + "/" + location_.file);
  size_ = static_cast<std::uint64_t>(rows.number(0, 0));
  return info_of(location_, system::FileInfo::Kind::file, size_, rows.number(0, 1));
}

Result<bool> BlockFile::try_lock() {
  TRY(Rows rows, session_->run(statements::try_lock, Parameters().number(lock_key())));
  const bool locked = rows.truth(0, 0);
  if (locked) locked_in_ = session_->generation();
  return locked;
}

Result<bool> BlockFile::is_locked() {
  TRY(Rows rows, session_->run(statements::is_locked, Parameters().number(lock_key())));
  return rows.truth(0, 0);
}

}  // namespace errand::database
