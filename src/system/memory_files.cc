// SPDX-License-Identifier: Apache-2.0
#include "system/memory_files.h"

#include <cerrno>

#include "system/beneath.h"
#include "system/memory_file.h"
#include "system/memory_watch.h"
#include "system/temporary_name.h"
#include "system/try.h"

namespace errand::system {
namespace {

constexpr char root_path[] = "/memory";

}  // namespace

MemoryFiles::MemoryFiles(std::shared_ptr<MemoryTree> tree, std::uint64_t id, std::uint64_t delay)
    : tree_(std::move(tree)), id_(id), delay_(delay) {
  refresh();
}

std::string MemoryFiles::absolute(const std::string& path) const {
  return path.empty() ? root_path : std::string(root_path) + "/" + path;
}

MemoryFiles::NodePointer MemoryFiles::Place::node() const {
  const auto entry = directory->entries.find(name);
  return entry == directory->entries.end() ? nullptr : entry->second;
}

Result<void> MemoryFiles::begin(Operation kind) {
  fault_.reset();
  if (killed_) return Error{ErrorCode::system, "this process was killed", false, {}, ESRCH};
  if (delay_ > 0 && ++operations_ % delay_ == 0) refresh();
  fault_ = faults_.next(kind);
  if (fault_ && fault_->manner != FaultPlan::Manner::afterwards) return fault_->error;
  return {};
}

Result<void> MemoryFiles::end() {
  if (fault_) return fault_->error;
  return {};
}

void MemoryFiles::refresh() {
  if (delay_ == 0) return;
  frozen_ = tree_->clone(frozen_files_);
  ++refreshes_;
}

MemoryFiles::NodePointer MemoryFiles::show(const NodePointer& live) {
  if (delay_ == 0) return live;
  NodePointer& copy = frozen_files_[live->about.inode];
  if (!copy) copy = std::make_shared<MemoryNode>();
  copy->original = live;
  copy->about = live->about;
  copy->content = live->bytes(0, live->size());
  return copy;
}

const MemoryFiles::NodePointer& MemoryFiles::visible_root() const {
  return delay_ > 0 ? frozen_ : tree_->root_;
}

// Nothing for a file that this process does not see any more.
MemoryFiles::NodePointer MemoryFiles::visible(const NodePointer& live) const {
  if (delay_ == 0) return live;
  const auto found = frozen_files_.find(live->about.inode);
  return found == frozen_files_.end() ? nullptr : found->second;
}

Result<MemoryFiles::Place> MemoryFiles::place_of(const std::string& path) const {
  if (path.empty() || !is_tree_path(path)) return not_in_tree(path);
  TRY(NodePointer directory, find_node(tree_->root_, parent_of(path)));
  if (directory->about.kind == FileInfo::Kind::link)
    return os_error(ELOOP, "cannot open", absolute(path), true);
  if (!directory->is_directory()) return os_error(ENOTDIR, "cannot open", absolute(path), true);
  return Place{std::move(directory), path.substr(path.rfind('/') + 1)};
}

void MemoryFiles::kill() {
  const std::lock_guard lock(tree_->mutex_);
  killed_ = true;
  NodePointer root = tree_->root_;
  std::map<std::uint64_t, NodePointer> copies;
  (void)tree_->clone(copies);
  for (const auto& [inode, copy] : copies) {
    if (copy->original->lock_owner == id_) copy->original->lock_owner = 0;
  }
}

void MemoryFiles::advance() {
  const std::lock_guard lock(tree_->mutex_);
  refresh();
  tree_->changed_.notify_all();
}

Result<std::unique_ptr<File>> MemoryFiles::open_read(const std::string& path) {
  const std::lock_guard lock(tree_->mutex_);
  TRY_VOID(begin(Operation::open_read));
  TRY(NodePointer node, find_node(visible_root(), path));
  if (node->about.kind == FileInfo::Kind::link) return os_error(ELOOP, "cannot open", absolute(path), false);
  if (node->is_directory()) return os_error(EISDIR, "cannot open", absolute(path), false);
  TRY_VOID(end());
  return std::unique_ptr<File>(std::make_unique<MemoryFile>(shared_from_this(), node, absolute(path), false));
}

Result<std::unique_ptr<File>> MemoryFiles::open_writable(const std::string& path, bool exclusive) {
  TRY(const Place place, place_of(path));
  NodePointer node = place.node();
  if (node && exclusive) return os_error(EEXIST, "cannot create", absolute(path), true);
  if (node && node->about.kind != FileInfo::Kind::file) {
    const int number = node->is_directory() ? EISDIR : ELOOP;
    return os_error(number, "cannot open for writing", absolute(path), true);
  }
  if (!node) {
    node = tree_->new_node(FileInfo::Kind::file);
    node->about.links = 0;
    put(place, node, Change::Kind::created);
  }
  TRY_VOID(end());
  return std::unique_ptr<File>(std::make_unique<MemoryFile>(shared_from_this(), node, absolute(path), true));
}

Result<std::unique_ptr<File>> MemoryFiles::create(const std::string& path) {
  const std::lock_guard lock(tree_->mutex_);
  TRY_VOID(begin(Operation::create));
  return open_writable(path, true);
}

Result<std::unique_ptr<File>> MemoryFiles::open_append(const std::string& path) {
  const std::lock_guard lock(tree_->mutex_);
  TRY_VOID(begin(Operation::open_append));
  return open_writable(path, false);
}

Result<std::string> MemoryFiles::read_all(const std::string& path, std::uint64_t limit) {
  const std::lock_guard lock(tree_->mutex_);
  TRY_VOID(begin(Operation::read));
  TRY(const NodePointer node, find_node(visible_root(), path));
  if (node->about.kind == FileInfo::Kind::link) return os_error(ELOOP, "cannot open", absolute(path), false);
  if (node->is_directory()) {
    return Error{ErrorCode::corrupt, absolute(path) + " is not a regular file", false, {}, 0};
  }
  if (node->size() > limit) return Error{ErrorCode::corrupt, absolute(path) + " is too long", false, {}, 0};
  TRY_VOID(end());
  return node->bytes(0, node->size());
}

Result<FileInfo> MemoryFiles::info(const std::string& path) {
  const std::lock_guard lock(tree_->mutex_);
  TRY_VOID(begin(Operation::info));
  TRY(const NodePointer node, find_node(visible_root(), path));
  FileInfo info = node->about;
  info.size = node->size();
  TRY_VOID(end());
  return info;
}

Result<std::vector<std::string>> MemoryFiles::list(const std::string& path) {
  const std::lock_guard lock(tree_->mutex_);
  TRY_VOID(begin(Operation::list));
  TRY(const NodePointer node, find_node(visible_root(), path));
  if (node->about.kind == FileInfo::Kind::link) return os_error(ELOOP, "cannot list", absolute(path), false);
  if (!node->is_directory()) return os_error(ENOTDIR, "cannot list", absolute(path), false);
  std::vector<std::string> names;
  for (const auto& [name, entry] : node->entries) names.push_back(name);
  TRY_VOID(end());
  return names;
}

Result<void> MemoryFiles::sync_directory(const std::string& path) {
  const std::lock_guard lock(tree_->mutex_);
  TRY_VOID(begin(Operation::sync_directory));
  TRY(const NodePointer node, find_node(tree_->root_, path));
  if (!node->is_directory()) return os_error(ENOTDIR, "cannot bring to disk", absolute(path), true);
  node->durable_entries = node->entries;
  return end();
}

}  // namespace errand::system
