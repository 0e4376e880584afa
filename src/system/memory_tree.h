// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "system/files.h"

namespace errand::system {

class MemoryFiles;
class MemoryWatch;

/// A file, directory or link of a tree in memory, with what a power cut would leave of it.
struct MemoryNode {
  using Entries = std::map<std::string, std::shared_ptr<MemoryNode>>;

  FileInfo about;  ///< its size is that of `content`; see size()
  std::string content;
  std::string durable_content;
  Entries entries;
  Entries durable_entries;
  std::shared_ptr<std::byte[]> shared;  ///< what share_memory gave out: lies over the content's start
  std::size_t shared_length = 0;
  std::uint64_t lock_owner = 0;          ///< id of a MemoryFiles; 0: free
  std::shared_ptr<MemoryNode> original;  ///< of a delayed process's copy

  [[nodiscard]] bool is_directory() const { return about.kind == FileInfo::Kind::directory; }
  [[nodiscard]] std::uint64_t size() const { return std::max(content.size(), shared_length); }
  /// The bytes as a reader sees them now.
  [[nodiscard]] std::string bytes(std::uint64_t offset, std::uint64_t length) const;
};

/// The disk and its file server: what several processes, each with a MemoryFiles of its own, see.
/// Thread-safe.
class MemoryTree : public std::enable_shared_from_this<MemoryTree> {
 public:
  [[nodiscard]] static std::shared_ptr<MemoryTree> make();

  /// The tree as a new process sees it.
  [[nodiscard]] std::shared_ptr<MemoryFiles> open();
  /// As a process on another machine sees it (a network file system with cached attributes): other
  /// processes' changes appear after `operations` of its own, or at MemoryFiles::advance().
  [[nodiscard]] std::shared_ptr<MemoryFiles> open_delayed(std::uint64_t operations);

  /// Keeps synced bytes and synced names only. Open files fail from then on, locks are free; the
  /// MemoryFiles go on, as after a reboot.
  void power_cut();
  /// The file server's time: what changes from now on is stamped with it, plus one for each change.
  void set_now(std::int64_t now_ns);
  /// Every watch loses its events and says so.
  void overflow_watches();

  // Behind everybody's back, for tests of bad input; the parent directory must be there.
  void plant_link(const std::string& path);
  void plant_file(const std::string& path, std::string content);
  void set_owner(const std::string& path, std::uint32_t owner);

 private:
  friend class MemoryFiles;
  friend class MemoryFile;
  friend class MemoryWatch;

  MemoryTree();
  [[nodiscard]] std::shared_ptr<MemoryNode> new_node(FileInfo::Kind kind);
  void touch(MemoryNode& node);
  void tell(const MemoryNode& directory, Change::Kind kind, const std::string& name);
  void tell_modified(const MemoryNode& file);
  /// A copy of all there is; `files` gets every node by its inode.
  [[nodiscard]] std::shared_ptr<MemoryNode> clone(
      std::map<std::uint64_t, std::shared_ptr<MemoryNode>>& files) const;
  [[nodiscard]] std::shared_ptr<MemoryFiles> add_view(std::uint64_t delay);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<MemoryNode> root_;
  std::vector<std::weak_ptr<MemoryWatch>> watches_;
  std::uint64_t next_inode_ = 1;
  std::uint64_t next_view_ = 1;
  std::uint64_t power_cuts_ = 0;
  std::int64_t now_ns_ = 0;
};

/// The node of `path` below `root`. Errors as Files: links in any component but the last are corrupt.
[[nodiscard]] Result<std::shared_ptr<MemoryNode>> find_node(const std::shared_ptr<MemoryNode>& root,
                                                            const std::string& path);

}  // namespace errand::system
