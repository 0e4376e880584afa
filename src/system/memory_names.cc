// SPDX-License-Identifier: Apache-2.0
// The operations of MemoryFiles that change names.
#include <cerrno>

#include "system/memory_files.h"
#include "system/temporary_name.h"
#include "system/try.h"

namespace errand::system {

void MemoryFiles::put(const Place& place, const NodePointer& node, Change::Kind kind) {
  place.directory->entries[place.name] = node;
  if (!node->is_directory()) ++node->about.links;
  tree_->touch(*place.directory);
  tree_->tell(*place.directory, kind, place.name);
  if (delay_ > 0) show(place.directory)->entries[place.name] = show(node);
}

void MemoryFiles::forget_below(MemoryNode& directory) {
  for (const auto& [name, entry] : directory.entries) {
    if (entry->is_directory()) {
      forget_below(*entry);
    } else {
      --entry->about.links;
    }
  }
  directory.entries.clear();
  tree_->tell(directory, Change::Kind::removed, {});
}

void MemoryFiles::take_away(const Place& place) {
  const NodePointer node = place.node();
  place.directory->entries.erase(place.name);
  if (!node->is_directory()) --node->about.links;
  tree_->touch(*place.directory);
  tree_->tell(*place.directory, Change::Kind::removed, place.name);
  if (delay_ > 0) show(place.directory)->entries.erase(place.name);
  if (delay_ > 0) (void)show(node);
}

Result<void> MemoryFiles::make_directory(const std::string& path) {
  const std::lock_guard lock(tree_->mutex_);
  TRY_VOID(begin(Operation::make_directory));
  TRY(const Place place, place_of(path));
  if (place.node()) return os_error(EEXIST, "cannot make directory", absolute(path), true);
  put(place, tree_->new_node(FileInfo::Kind::directory), Change::Kind::created);
  return end();
}

Result<void> MemoryFiles::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(tree_->mutex_);
  TRY_VOID(begin(Operation::rename));
  TRY(const Place source, place_of(from));
  TRY(const Place target, place_of(to));
  const NodePointer node = source.node();
  if (!node) return os_error(ENOENT, "cannot rename", absolute(from), true);
  const NodePointer replaced = target.node();
  if (replaced == node) return end();
  if ((to + "/").starts_with(from + "/")) return os_error(EINVAL, "cannot rename to", absolute(to), true);
  const bool fits =
      !replaced || (replaced->is_directory() == node->is_directory() && replaced->entries.empty());
  if (!fits) return os_error(EEXIST, "cannot rename to", absolute(to), true);
  if (replaced && !replaced->is_directory()) --replaced->about.links;
  put(target, node, Change::Kind::moved_in);
  take_away(source);
  return end();
}

Result<void> MemoryFiles::link(const std::string& from, const std::string& to) {
  const std::lock_guard lock(tree_->mutex_);
  TRY_VOID(begin(Operation::link));
  TRY(const Place source, place_of(from));
  TRY(const Place target, place_of(to));
  const NodePointer node = source.node();
  if (!node) return os_error(ENOENT, "cannot link", absolute(from), true);
  if (node->is_directory()) return os_error(EPERM, "cannot link", absolute(from), true);
  if (target.node()) return os_error(EEXIST, "cannot link to", absolute(to), true);
  put(target, node, Change::Kind::created);
  return {};  // the link count tells the truth after a lost answer
}

Result<void> MemoryFiles::remove(const std::string& path) {
  const std::lock_guard lock(tree_->mutex_);
  TRY_VOID(begin(Operation::remove));
  TRY(const Place place, place_of(path));
  const NodePointer node = place.node();
  if (!node) return os_error(ENOENT, "cannot remove", absolute(path), true);
  if (!node->entries.empty()) return os_error(ENOTEMPTY, "cannot remove", absolute(path), true);
  if (node->is_directory()) forget_below(*node);
  take_away(place);
  return end();
}

Result<void> MemoryFiles::remove_tree(const std::string& path) {
  const std::lock_guard lock(tree_->mutex_);
  TRY_VOID(begin(Operation::remove_tree));
  TRY(const Place place, place_of(path));
  const NodePointer node = place.node();
  if (!node) return os_error(ENOENT, "cannot remove", absolute(path), true);
  if (node->is_directory()) forget_below(*node);
  take_away(place);
  return end();
}

Result<std::string> MemoryFiles::read_outside(const std::string& outside) const {
  const std::string own = absolute("") + "/";
  if (outside.starts_with(own)) {
    TRY(const NodePointer node, find_node(tree_->root_, outside.substr(own.size())));
    return node->bytes(0, node->size());
  }
  const auto slash = outside.rfind('/');
  const std::string directory = slash == outside.npos ? "." : outside.substr(0, slash + 1);
  TRY(const auto files, open_directory(directory));
  return files->read_all(outside.substr(slash + 1), ~std::uint64_t{0});
}

Result<void> MemoryFiles::import_file(const std::string& outside, const std::string& path, bool executable) {
  const std::lock_guard lock(tree_->mutex_);
  TRY_VOID(begin(Operation::import_file));
  TRY(std::string content, read_outside(outside));
  TRY(const Place place, place_of(path));
  if (place.node()) return os_error(EEXIST, "cannot create", absolute(path), true);
  const NodePointer node = tree_->new_node(FileInfo::Kind::file);
  node->about.links = 0;
  node->about.mode = executable ? 0500 : 0400;
  node->content = node->durable_content = std::move(content);
  put(place, node, Change::Kind::created);
  return end();
}

}  // namespace errand::system
