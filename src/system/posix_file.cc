// SPDX-License-Identifier: Apache-2.0
#include "system/posix_file.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "system/try.h"

namespace errand::system {
namespace {

// Below this a read is cheaper than a mapping and its page faults.
constexpr std::uint64_t smallest_mapping = 64 * 1024;

std::int64_t to_ns(const timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

FileInfo::Kind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return FileInfo::Kind::file;
  if (S_ISDIR(mode)) return FileInfo::Kind::directory;
  return S_ISLNK(mode) ? FileInfo::Kind::link : FileInfo::Kind::other;
}

template <class Call>
auto uninterrupted(Call call) {
  for (;;) {
    const auto answer = call();
    if (answer >= 0 || errno != EINTR) return answer;
  }
}

}  // namespace

FileInfo to_info(const struct stat& status) {
  FileInfo info;
  info.kind = kind_of(status.st_mode);
  info.size = static_cast<std::uint64_t>(status.st_size);
  info.device = status.st_dev;
  info.inode = status.st_ino;
  info.owner = status.st_uid;
  info.mode = status.st_mode & 07777;
  info.links = status.st_nlink;
  info.modified_ns = to_ns(status.st_mtim);
  info.changed_ns = to_ns(status.st_ctim);
  return info;
}

long read_fully(int descriptor, std::uint64_t offset, std::span<std::byte> into) noexcept {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t got =
        pread(descriptor, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return static_cast<long>(done);
}

bool write_fully(int descriptor, std::span<const std::byte> bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t put = ::write(descriptor, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  return true;
}

Error PosixFile::failure(std::string_view doing, bool writing) const {
  return os_error(errno, doing, path_, writing);
}

Result<std::size_t> PosixFile::read_at(std::uint64_t offset, std::span<std::byte> into) {
  const long got = read_fully(descriptor_.get(), offset, into);
  if (got < 0) return failure("cannot read", false);
  return static_cast<std::size_t>(got);
}

Result<void> PosixFile::append(std::span<const std::byte> bytes) {
  if (!write_fully(descriptor_.get(), bytes)) return failure("cannot write", true);
  return {};
}

Result<void> PosixFile::sync() {
  if (scratch_) return {};
  if (uninterrupted([&] { return fdatasync(descriptor_.get()); }) != 0) {
    return failure("cannot bring to disk", true);
  }
  return {};
}

Result<FileInfo> PosixFile::info() {
  struct stat status {};
  if (fstat(descriptor_.get(), &status) != 0) return failure("cannot look at", false);
  return to_info(status);
}

Result<Buffer> PosixFile::view(std::uint64_t offset, std::uint64_t length) {
  TRY(const FileInfo now, info());
  if (offset >= now.size) return Buffer{};
  length = std::min(length, now.size - offset);
  return mappable_ && length >= smallest_mapping ? map(offset, length) : read_copy(offset, length);
}

// Private and writable: who gets the bytes (an array of another language) may change its copy of them.
Result<Buffer> PosixFile::map(std::uint64_t offset, std::uint64_t length) {
  static const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  const std::uint64_t lead = offset % page;
  const std::size_t size = length + lead;
  void* start = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, descriptor_.get(),
                     static_cast<off_t>(offset - lead));
  if (start == MAP_FAILED) return read_copy(offset, length);
  std::shared_ptr<const void> owner(start, [size](void* address) { munmap(address, size); });
  return Buffer(std::move(owner), {static_cast<const std::byte*>(start) + lead, length});
}

Result<Buffer> PosixFile::read_copy(std::uint64_t offset, std::uint64_t length) {
  const std::shared_ptr<std::byte> bytes(new (std::nothrow) std::byte[length],
                                         std::default_delete<std::byte[]>());
  if (!bytes) return os_error(ENOMEM, "cannot read", path_, false);
  TRY(const std::size_t got, read_at(offset, {bytes.get(), length}));
  return Buffer(bytes, {bytes.get(), got});
}

// Not posix_fallocate: its emulation refuses files opened for appending.
Result<void> PosixFile::allocate(std::size_t length) {
  const auto wanted = static_cast<off_t>(length);
  if (uninterrupted([&] { return fallocate(descriptor_.get(), 0, 0, wanted); }) == 0) return {};
  if (errno != EOPNOTSUPP && errno != ENOSYS) return failure("cannot allocate", true);
  TRY(const FileInfo now, info());
  static constexpr std::byte zeros[4096]{};
  for (std::uint64_t size = now.size; size < length;) {
    const std::size_t part = std::min<std::uint64_t>(sizeof zeros, length - size);
    TRY_VOID(append({zeros, part}));
    size += part;
  }
  return {};
}

Result<std::shared_ptr<std::byte[]>> PosixFile::share_memory(std::size_t length) {
  TRY_VOID(allocate(length));
  void* start = mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_.get(), 0);
  if (start == MAP_FAILED) return failure("cannot map", true);
  return std::shared_ptr<std::byte[]>(static_cast<std::byte*>(start),
                                      [length](std::byte* address) { munmap(address, length); });
}

void PosixFile::start_writeback() {
  if (scratch_) return;
  sync_file_range(descriptor_.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
}

Result<void> PosixFile::punch_hole(std::uint64_t offset, std::uint64_t length) {
  const int answer = uninterrupted([&] {
    return fallocate(descriptor_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                     static_cast<off_t>(offset), static_cast<off_t>(length));
  });
  if (answer != 0) return failure("cannot give back blocks of", true);
  return {};
}

Result<bool> PosixFile::try_lock() {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (uninterrupted([&] { return fcntl(descriptor_.get(), F_SETLK, &lock); }) == 0) return true;
  if (errno == EACCES || errno == EAGAIN) return false;
  return failure("cannot lock", true);
}

Result<bool> PosixFile::is_locked() {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (fcntl(descriptor_.get(), F_GETLK, &lock) != 0) return failure("cannot ask for the lock of", false);
  return lock.l_type != F_UNLCK;
}

}  // namespace errand::system
