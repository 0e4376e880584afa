// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "errand/buffer.h"
#include "errand/error.h"

/// The narrow store interface: everything above reaches a place's bytes through it. Three
/// implementations: a directory of the operating system (open_directory), tables of a database
/// (database/database_files.h), and an in-memory twin that fails on demand (memory_files.h).
namespace errand::system {

struct FileInfo {
  enum class Kind : std::uint8_t { file, directory, link, other };
  Kind kind = Kind::file;
  std::uint64_t size = 0;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint32_t owner = 0;  ///< numeric user id
  std::uint32_t mode = 0;   ///< permission bits
  std::uint64_t links = 1;
  std::int64_t modified_ns = 0;  ///< by the file server's clock
  std::int64_t changed_ns = 0;
};

/// An open file. Not thread-safe, except that several may be open on the same file.
class File {
 public:
  virtual ~File() = default;
  /// Fills `into` from `offset`; fewer bytes only at the end of the file.
  virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) = 0;
  /// Writes all of it at the end of the file. After an error some of it may be there.
  virtual Result<void> append(std::span<const std::byte> bytes) = 0;
  /// Data and size survive a power cut when this returns (fdatasync). Not the file's name: see
  /// Files::sync_directory.
  virtual Result<void> sync() = 0;
  virtual Result<FileInfo> info() = 0;
  /// Read-only bytes of the file as they are now: mapped on local file systems, else read into memory.
  /// Never longer than the file.
  virtual Result<Buffer> view(std::uint64_t offset, std::uint64_t length) = 0;
  /// A writable mapping of the first `length` bytes shared with every process that maps the file; the
  /// file is extended to `length` first (blocks allocated: a full disk fails here, not at a store).
  /// Lives as long as the returned pointer.
  virtual Result<std::shared_ptr<std::byte[]>> share_memory(std::size_t length) = 0;
  /// Starts writing back what was appended so far, without waiting.
  virtual void start_writeback() = 0;
  /// Gives the blocks of a range back; it reads as zeros from then on. not_supported where it cannot.
  virtual Result<void> punch_hole(std::uint64_t offset, std::uint64_t length) = 0;
  /// Takes the file's exclusive record lock (POSIX fcntl: not inherited by forked children, dropped when
  /// this process closes any descriptor of the file). False: another process has it.
  virtual Result<bool> try_lock() = 0;
  /// True if another process holds the record lock.
  virtual Result<bool> is_locked() = 0;
  /// The descriptor to hand to a child process; -1 in the twin.
  [[nodiscard]] virtual int descriptor() const = 0;
};

/// What happened in a watched directory.
struct Change {
  enum class Kind : std::uint8_t { created, moved_in, modified, removed, overflow };
  Kind kind = Kind::modified;
  std::string directory;  ///< as given to add()
  /// Of the entry. Empty with overflow, and with `removed` of the directory itself (told at once when it is
  /// renamed; when it is removed, at the latest when the last open file in it is closed).
  std::string name;
};

/// Wakes a waiter when something changes below watched directories. Where the operating system cannot
/// (network file systems, no watches left) it looks itself, from 10 ms growing to 1 s.
/// A memory-mapped store wakes nobody: writers append.
class Watch {
 public:
  virtual ~Watch() = default;
  virtual Result<void> add(const std::string& directory) = 0;
  virtual void remove(const std::string& directory) = 0;
  /// Waits until something changed or `timeout` (nullopt: no limit); empty: time is over, or a signal
  /// came (interrupted is not an error). May report too much, never too little.
  virtual Result<std::vector<Change>> wait(std::optional<std::chrono::milliseconds> timeout) = 0;
  /// Readable when wait(0) would report something, for poll loops; -1 where there is none.
  [[nodiscard]] virtual int descriptor() const = 0;
};

/// The line that a removed directory leaves: its name and these words. A line break ends it.
struct Epitaph {
  std::string file;
  std::string words;
};

/// A tree of files. Paths are relative, '/'-separated, without "." or "..", and never followed through a
/// symbolic link in any component: such a path gives not_found's sibling `corrupt` ("is a symbolic link").
/// Thread-safe. Errors everywhere: not_found (ENOENT), exists (EEXIST), no_space (ENOSPC, EDQUOT),
/// place_unwritable (EACCES, EPERM, EROFS on writing), place_unreadable (EACCES on reading), system.
class Files {
 public:
  virtual ~Files() = default;

  virtual Result<std::unique_ptr<File>> open_read(const std::string& path) = 0;
  /// Creates it (exists if the name is taken) and opens it for appending and reading, mode 0600.
  virtual Result<std::unique_ptr<File>> create(const std::string& path) = 0;
  /// Opens for appending and reading; creates it if it is not there.
  virtual Result<std::unique_ptr<File>> open_append(const std::string& path) = 0;
  /// The whole file. `corrupt` if it is longer than `limit`.
  virtual Result<std::string> read_all(const std::string& path, std::uint64_t limit) = 0;
  virtual Result<FileInfo> info(const std::string& path) = 0;

  virtual Result<void> make_directory(const std::string& path) = 0;
  /// Names only, unsorted.
  virtual Result<std::vector<std::string>> list(const std::string& path) = 0;
  /// Replaces `to` if it is a file. Atomic.
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  /// A second name for a file; exists if taken. After a doubtful answer (NFS) the link count decides.
  virtual Result<void> link(const std::string& from, const std::string& to) = 0;
  virtual Result<void> remove(const std::string& path) = 0;
  /// Removes a directory and everything below, by directory descriptors; links are removed, not followed.
  virtual Result<void> remove_tree(const std::string& path) = 0;
  /// Names created in, renamed into and removed from the directory survive a power cut from here on.
  virtual Result<void> sync_directory(const std::string& path) = 0;
  virtual Result<std::unique_ptr<Watch>> watch() = 0;
  /// Copies a file of the operating system (not of this tree) into it: reflink where possible. Synced.
  virtual Result<void> import_file(const std::string& outside, const std::string& path, bool executable) = 0;

  /// The tree is a copy of what is kept elsewhere: nothing of it is brought to disk from here on. If its
  /// directory is open to a group, so is what is made in it: files to read, directories to make things in;
  /// what others made there the group cannot remove.
  virtual void become_scratch() {}
  /// True on NFS, SMB, Lustre and their like: no mapping, no watches.
  [[nodiscard]] virtual bool is_network() const = 0;
  /// The absolute path for processes that must open it themselves.
  [[nodiscard]] virtual std::string absolute(const std::string& path) const = 0;

  /// Writes a file of that content so that a reader sees all of it or none (temporary name, optional
  /// sync, rename). `replace` false: exists if the name is taken (by link).
  virtual Result<void> publish(const std::string& path, std::string_view content, bool durable, bool replace);
  /// read_all of each, in their order: one question where asking costs more than reading.
  virtual std::vector<Result<std::string>> read_each(const std::vector<std::string>& paths,
                                                     std::uint64_t limit);
  /// Says that this thread is about to list these directories and to look at them and their files, each once:
  /// where asking costs more than reading, what is small is brought along. What is read of it is as it was at
  /// this call, as long as what it gives is kept; a further call of the thread ends the one before.
  /// It has to be let go before these files end.
  [[nodiscard]] virtual std::shared_ptr<void> read_ahead(const std::vector<std::string>& directories);
  /// rename of each, from first to second, in their order; likewise. What was renamed leaves a line in
  /// `epitaph.file`, if that can be done: it is no failure if not.
  virtual std::vector<Result<void>> rename_each(const std::vector<std::pair<std::string, std::string>>& names,
                                                const Epitaph& epitaph);
  /// True if nothing of it can be another user's.
  [[nodiscard]] virtual bool is_of_one_user() const { return false; }
};

/// The tree below an existing directory of the operating system. Errors: place_unreadable.
[[nodiscard]] Result<std::shared_ptr<Files>> open_directory(const std::string& path);
/// About a file anywhere, links followed; for files that are not ours (programs, the agent's command).
[[nodiscard]] Result<FileInfo> outside_file_info(const std::string& path);
/// Makes the directory and its parents (mode 0700) if it is not there. Errors: place_unwritable.
[[nodiscard]] Result<void> make_directories(const std::string& path);

/// An Error from errno, with the doing and the path in its message and a hint where one is known.
[[nodiscard]] Error os_error(int number, std::string_view doing, const std::string& path, bool writing);

}  // namespace errand::system
