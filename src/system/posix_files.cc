// SPDX-License-Identifier: Apache-2.0
#include "system/posix_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "system/beneath.h"
#include "system/directory_entries.h"
#include "system/file_copy.h"
#include "system/posix_file.h"
#include "system/temporary_name.h"
#include "system/tree_removal.h"
#include "system/try.h"

namespace errand::system {
namespace {

// A planted FIFO must not hang us, a planted terminal not become ours; regular files ignore both.
constexpr int reading = O_RDONLY | O_NONBLOCK | O_NOCTTY;
constexpr int writing = O_RDWR | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY;
// Of what is made in a tree that is shared with a group.
constexpr mode_t group_readable = 0640;
constexpr mode_t group_directory = S_ISVTX | 0770;

Error irregular(const std::string& path) {
  return {ErrorCode::corrupt, path + " is not a regular file", false, {}, 0};
}

}  // namespace

Error PosixFiles::failure(std::string_view doing, const std::string& path, bool to_write) const {
  return os_error(errno, doing, absolute(path), to_write);
}

std::string PosixFiles::absolute(const std::string& path) const {
  return path.empty() ? path_ : path_ + "/" + path;
}

Result<Descriptor> PosixFiles::open_path(const std::string& path, int flags, std::string_view doing) const {
  if (!is_tree_path(path)) return not_in_tree(path);
  Descriptor opened = open_beneath(root_.get(), path, flags, 0600);
  if (!opened) return failure(doing, path, (flags & O_CREAT) != 0);
  return opened;
}

Result<std::unique_ptr<File>> PosixFiles::open_file(const std::string& path, int flags,
                                                    std::string_view doing) {
  TRY(Descriptor opened, open_path(path, flags, doing));
  opened = keep_high(std::move(opened));
  struct stat status {};
  if (fstat(opened.get(), &status) != 0) return failure("cannot look at", path, false);
  if (!S_ISREG(status.st_mode)) return irregular(absolute(path));
  const bool is_unshared = group_ && (flags & O_CREAT) != 0 && (status.st_mode & S_IRGRP) == 0;
  // If it is not ours to change, somebody else has made it, and decided.
  if (is_unshared) (void)share_with_group(opened.get(), status.st_gid, group_readable);
  return std::unique_ptr<File>(
      std::make_unique<PosixFile>(std::move(opened), absolute(path), !network_, scratch_));
}

Result<std::unique_ptr<File>> PosixFiles::open_read(const std::string& path) {
  return open_file(path, reading, "cannot open");
}

Result<std::unique_ptr<File>> PosixFiles::create(const std::string& path) {
  return open_file(path, writing | O_EXCL, "cannot create");
}

Result<std::unique_ptr<File>> PosixFiles::open_append(const std::string& path) {
  return open_file(path, writing, "cannot open for writing");
}

Result<std::string> PosixFiles::read_all(const std::string& path, std::uint64_t limit) {
  TRY(Descriptor opened, open_path(path, reading, "cannot open"));
  const Descriptor file = keep_off_standard(std::move(opened));
  struct stat status {};
  if (fstat(file.get(), &status) != 0) return failure("cannot look at", path, false);
  if (!S_ISREG(status.st_mode)) return irregular(absolute(path));
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size > limit) return Error{ErrorCode::corrupt, absolute(path) + " is too long", false, {}, 0};
  std::string content(size, '\0');
  const long got = read_fully(file.get(), 0, std::as_writable_bytes(std::span(content)));
  if (got < 0) return failure("cannot read", path, false);
  content.resize(static_cast<std::size_t>(got));
  return content;
}

Result<FileInfo> PosixFiles::info(const std::string& path) {
  if (!is_tree_path(path)) return not_in_tree(path);
  struct stat status {};
  if (path.empty()) {
    if (fstat(root_.get(), &status) != 0) return failure("cannot look at", path, false);
    return to_info(status);
  }
  const Entry entry(root_.get(), path);
  if (!entry || fstatat(entry.directory(), entry.name(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return failure("cannot look at", path, false);
  }
  return to_info(status);
}

Result<void> PosixFiles::make_directory(const std::string& path) {
  if (path.empty() || !is_tree_path(path)) return not_in_tree(path);
  const Entry entry(root_.get(), path);
  if (!entry || mkdirat(entry.directory(), entry.name(), 0700) != 0) {
    return failure("cannot make directory", path, true);
  }
  if (!group_) return {};
  TRY(const Descriptor made, open_path(path, O_RDONLY | O_DIRECTORY, "cannot open"));
  struct stat status {};
  if (fstat(made.get(), &status) == 0 && share_with_group(made.get(), status.st_gid, group_directory))
    return {};
  return failure("cannot share directory", path, true);
}

Result<std::vector<std::string>> PosixFiles::list(const std::string& path) {
  TRY(Descriptor opened, open_path(path, O_RDONLY | O_DIRECTORY, "cannot list"));
  const Descriptor directory = keep_off_standard(std::move(opened));
  std::vector<std::string> names;
  errno = for_each_entry(directory.get(), [&](const char* name, unsigned char) {
    names.emplace_back(name);
    return true;
  });
  if (errno != 0) return failure("cannot list", path, false);
  return names;
}

Result<void> PosixFiles::rename(const std::string& from, const std::string& to) {
  if (from.empty() || !is_tree_path(from)) return not_in_tree(from);
  if (to.empty() || !is_tree_path(to)) return not_in_tree(to);
  const Entry source(root_.get(), from);
  if (!source) return failure("cannot rename", from, true);
  const Entry target(root_.get(), to);
  if (!target) return failure("cannot rename to", to, true);
  if (renameat(source.directory(), source.name(), target.directory(), target.name()) != 0) {
    return failure("cannot rename " + absolute(from) + " to", to, true);
  }
  return {};
}

// The two names are of one file that has just these two.
bool PosixFiles::is_same_file(const std::string& one, const std::string& other) {
  const auto first = info(one);
  const auto second = info(other);
  return first && second && first->links == 2 && first->inode == second->inode &&
         first->device == second->device;
}

Result<void> PosixFiles::link(const std::string& from, const std::string& to) {
  if (from.empty() || !is_tree_path(from)) return not_in_tree(from);
  if (to.empty() || !is_tree_path(to)) return not_in_tree(to);
  const Entry source(root_.get(), from);
  if (!source) return failure("cannot link", from, true);
  const Entry target(root_.get(), to);
  if (!target) return failure("cannot link to", to, true);
  if (linkat(source.directory(), source.name(), target.directory(), target.name(), 0) == 0) return {};
  const int number = errno;
  // A file server that was asked twice says "exists" of what it did the first time.
  if (network_ && is_same_file(from, to)) return {};
  return os_error(number, "cannot link " + absolute(from) + " to", absolute(to), true);
}

Result<void> PosixFiles::remove(const std::string& path) {
  if (path.empty() || !is_tree_path(path)) return not_in_tree(path);
  const Entry entry(root_.get(), path);
  if (!entry) return failure("cannot remove", path, true);
  if (unlinkat(entry.directory(), entry.name(), 0) == 0) return {};
  if (errno == EISDIR && unlinkat(entry.directory(), entry.name(), AT_REMOVEDIR) == 0) return {};
  return failure("cannot remove", path, true);
}

Result<void> PosixFiles::remove_tree(const std::string& path) {
  if (path.empty() || !is_tree_path(path)) return not_in_tree(path);
  const Entry entry(root_.get(), path);
  if (entry) errno = remove_tree_at(entry.directory(), entry.name());
  if (errno != 0) return failure("cannot remove", path, true);
  return {};
}

void PosixFiles::become_scratch() {
  struct stat status {};
  scratch_ = true;
  if (fstat(root_.get(), &status) == 0 && (status.st_mode & S_IRWXG) != 0) group_ = status.st_gid;
}

bool PosixFiles::share_with_group(int descriptor, std::uint32_t group, std::uint32_t mode) const {
  return (group == *group_ || fchown(descriptor, static_cast<uid_t>(-1), *group_) == 0) &&
         fchmod(descriptor, mode) == 0;
}

Result<void> PosixFiles::sync_directory(const std::string& path) {
  if (scratch_) return {};
  TRY(Descriptor opened, open_path(path, O_RDONLY | O_DIRECTORY, "cannot open"));
  const Descriptor directory = keep_off_standard(std::move(opened));
  // EINVAL: this file system keeps names safe in its own way, or not at all.
  if (fsync(directory.get()) != 0 && errno != EINVAL) return failure("cannot bring to disk", path, true);
  return {};
}

Result<std::unique_ptr<Watch>> PosixFiles::watch() {
  return open_watch(root_.get(), path_, network_);
}

Result<void> PosixFiles::fill_import(const std::string& outside, const std::string& temporary,
                                     bool executable) {
  const Descriptor source = keep_off_standard(Descriptor(open(outside.c_str(), O_RDONLY | O_CLOEXEC)));
  if (!source) return os_error(errno, "cannot open", outside, false);
  TRY(Descriptor opened, open_path(temporary, O_RDWR | O_CREAT | O_EXCL, "cannot create"));
  const Descriptor target = keep_off_standard(std::move(opened));
  if (!copy_content(source.get(), target.get()))
    return failure("cannot copy " + outside + " to", temporary, true);
  const mode_t mode = executable ? 0500 : 0400;
  struct stat status {};
  const bool is_set = group_ ? fstat(target.get(), &status) == 0 &&
                                   share_with_group(target.get(), status.st_gid, mode | (mode >> 3))
                             : fchmod(target.get(), mode) == 0;
  if (!is_set || (!scratch_ && fsync(target.get()) != 0)) {
    return failure("cannot bring to disk", temporary, true);
  }
  return {};
}

Result<void> PosixFiles::import_file(const std::string& outside, const std::string& path, bool executable) {
  const std::string temporary = temporary_beside(path);
  auto outcome = fill_import(outside, temporary, executable);
  if (outcome) outcome = link(temporary, path);
  (void)remove(temporary);
  return outcome;
}

}  // namespace errand::system
