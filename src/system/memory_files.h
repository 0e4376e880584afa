// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "system/fault_plan.h"
#include "system/files.h"
#include "system/memory_tree.h"

namespace errand::system {

/// The in-memory twin of a directory, as one process sees it: Files that fail on demand. Record locks
/// belong to the process. Thread-safe, its FaultPlan apart.
class MemoryFiles final : public Files, public std::enable_shared_from_this<MemoryFiles> {
 public:
  /// A new tree of its own with one process.
  [[nodiscard]] static std::shared_ptr<MemoryFiles> make() { return MemoryTree::make()->open(); }

  [[nodiscard]] FaultPlan& faults() { return faults_; }
  [[nodiscard]] MemoryTree& tree() { return *tree_; }
  /// kill -9 of this process: its locks are free, what it wrote stays, everything it tries fails.
  void kill();
  /// Shows a delayed process all there is now.
  void advance();
  /// From now on this process always gets a lock and sees none of others: as on a host whose locks go to no
  /// server.
  void keep_locks_local() { local_locks_ = true; }

  Result<std::unique_ptr<File>> open_read(const std::string& path) override;
  Result<std::unique_ptr<File>> create(const std::string& path) override;
  Result<std::unique_ptr<File>> open_append(const std::string& path) override;
  Result<std::string> read_all(const std::string& path, std::uint64_t limit) override;
  Result<FileInfo> info(const std::string& path) override;
  Result<void> make_directory(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> link(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<void> remove_tree(const std::string& path) override;
  Result<void> sync_directory(const std::string& path) override;
  Result<std::unique_ptr<Watch>> watch() override;
  Result<void> import_file(const std::string& outside, const std::string& path, bool executable) override;
  [[nodiscard]] bool is_network() const override { return delay_ > 0; }
  [[nodiscard]] std::string absolute(const std::string& path) const override;

 private:
  friend class MemoryFile;
  friend class MemoryTree;
  friend class MemoryWatch;
  using NodePointer = std::shared_ptr<MemoryNode>;

  /// A name in the tree that everybody sees.
  struct Place {
    NodePointer directory;
    std::string name;
    [[nodiscard]] NodePointer node() const;
  };

  MemoryFiles(std::shared_ptr<MemoryTree> tree, std::uint64_t id, std::uint64_t delay);

  // All with the tree's lock held.
  Result<void> begin(Operation kind);
  Result<void> end();
  void refresh();
  /// A delayed process sees its own changes at once: of what it changed, nothing else.
  NodePointer show(const NodePointer& live);
  [[nodiscard]] const NodePointer& visible_root() const;
  [[nodiscard]] NodePointer visible(const NodePointer& live) const;
  Result<Place> place_of(const std::string& path) const;
  Result<std::unique_ptr<File>> open_writable(const std::string& path, bool exclusive);
  void put(const Place& place, const NodePointer& node, Change::Kind kind);
  void take_away(const Place& place);
  void forget_below(MemoryNode& directory);
  Result<std::string> read_outside(const std::string& outside) const;

  std::shared_ptr<MemoryTree> tree_;
  std::uint64_t id_;
  std::uint64_t delay_;  ///< operations until others' changes appear; 0: at once
  FaultPlan faults_;
  std::optional<FaultPlan::Fault> fault_;  ///< of the operation under way
  bool killed_ = false;
  bool local_locks_ = false;
  NodePointer frozen_;                                 ///< what a delayed process sees
  std::map<std::uint64_t, NodePointer> frozen_files_;  ///< its files by inode
  std::uint64_t operations_ = 0;
  std::uint64_t refreshes_ = 0;
};

}  // namespace errand::system
