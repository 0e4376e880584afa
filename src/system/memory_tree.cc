// SPDX-License-Identifier: Apache-2.0
#include "system/memory_tree.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <set>

#include "system/beneath.h"
#include "system/memory_files.h"
#include "system/memory_watch.h"
#include "system/temporary_name.h"
#include "system/try.h"

namespace errand::system {
namespace {

using Clones = std::map<std::uint64_t, std::shared_ptr<MemoryNode>>;

std::shared_ptr<MemoryNode> clone_node(const std::shared_ptr<MemoryNode>& node, Clones& clones) {
  auto& copy = clones[node->about.inode];
  if (copy) return copy;
  const auto made = std::make_shared<MemoryNode>();
  copy = made;
  made->about = node->about;
  made->content = node->bytes(0, node->size());
  made->original = node;
  for (const auto& [name, entry] : node->entries) made->entries.emplace(name, clone_node(entry, clones));
  return made;
}

// What the disk holds becomes what there is.
void fall_back(MemoryNode& node, std::set<const MemoryNode*>& done) {
  if (!done.insert(&node).second) return;
  node.content = node.durable_content;
  node.entries = node.durable_entries;
  node.shared.reset();
  node.shared_length = 0;
  node.lock_owner = 0;
  if (!node.is_directory()) node.about.links = 0;
  for (const auto& [name, entry] : node.entries) fall_back(*entry, done);
}

void count_links(const MemoryNode& directory) {
  for (const auto& [name, entry] : directory.entries) {
    if (entry->is_directory()) {
      count_links(*entry);
    } else {
      ++entry->about.links;
    }
  }
}

}  // namespace

// The mapped part is read byte by byte as atomics: its writers do not know of any lock here.
std::string MemoryNode::bytes(std::uint64_t offset, std::uint64_t length) const {
  if (offset >= size()) return {};
  length = std::min(length, size() - offset);
  std::string found(length, '\0');
  if (offset < content.size()) content.copy(found.data(), length, offset);
  for (std::uint64_t at = offset; at < std::min<std::uint64_t>(offset + length, shared_length); ++at) {
    const std::atomic_ref<std::byte> byte(shared[static_cast<std::ptrdiff_t>(at)]);
    found[at - offset] = static_cast<char>(byte.load(std::memory_order_relaxed));
  }
  return found;
}

Result<std::shared_ptr<MemoryNode>> find_node(const std::shared_ptr<MemoryNode>& root,
                                              const std::string& path) {
  if (!is_tree_path(path)) return not_in_tree(path);
  std::shared_ptr<MemoryNode> node = root;
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (node->about.kind == FileInfo::Kind::link) return os_error(ELOOP, "cannot open", path, false);
    const auto entry = node->entries.find(path.substr(begin, end - begin));
    if (entry == node->entries.end()) return os_error(ENOENT, "cannot open", path, false);
    node = entry->second;
    begin = end + 1;
  }
  return node;
}

// In the body: new_node needs the members below root_.
MemoryTree::MemoryTree() {
  root_ = new_node(FileInfo::Kind::directory);
}

std::shared_ptr<MemoryTree> MemoryTree::make() {
  return std::shared_ptr<MemoryTree>(new MemoryTree());
}

std::shared_ptr<MemoryFiles> MemoryTree::add_view(std::uint64_t delay) {
  const std::lock_guard lock(mutex_);
  return std::shared_ptr<MemoryFiles>(new MemoryFiles(shared_from_this(), next_view_++, delay));
}

std::shared_ptr<MemoryFiles> MemoryTree::open() {
  return add_view(0);
}

std::shared_ptr<MemoryFiles> MemoryTree::open_delayed(std::uint64_t operations) {
  return add_view(std::max<std::uint64_t>(operations, 1));
}

std::shared_ptr<MemoryNode> MemoryTree::new_node(FileInfo::Kind kind) {
  const auto node = std::make_shared<MemoryNode>();
  node->about.kind = kind;
  node->about.inode = next_inode_++;
  node->about.owner = geteuid();
  node->about.mode = kind == FileInfo::Kind::directory ? 0700 : 0600;
  touch(*node);
  return node;
}

void MemoryTree::touch(MemoryNode& node) {
  node.about.modified_ns = ++now_ns_;
  node.about.changed_ns = now_ns_;
}

void MemoryTree::set_now(std::int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  now_ns_ = now_ns;
}

std::shared_ptr<MemoryNode> MemoryTree::clone(Clones& files) const {
  files.clear();
  return clone_node(root_, files);
}

void MemoryTree::power_cut() {
  const std::lock_guard lock(mutex_);
  ++power_cuts_;
  std::set<const MemoryNode*> done;
  fall_back(*root_, done);
  count_links(*root_);
  changed_.notify_all();
}

void MemoryTree::tell(const MemoryNode& directory, Change::Kind kind, const std::string& name) {
  for (const auto& watch : watches_) {
    if (const auto alive = watch.lock()) alive->take(directory.about.inode, kind, name);
  }
  std::erase_if(watches_, [](const auto& watch) { return watch.expired(); });
  changed_.notify_all();
}

namespace {

template <class Visit>
void for_each_name(const MemoryNode& directory, const MemoryNode& file, Visit&& visit) {
  for (const auto& [name, entry] : directory.entries) {
    if (entry.get() == &file) visit(directory, name);
    if (entry->is_directory()) for_each_name(*entry, file, visit);
  }
}

}  // namespace

void MemoryTree::tell_modified(const MemoryNode& file) {
  if (watches_.empty()) return;
  for_each_name(*root_, file, [this](const MemoryNode& directory, const std::string& name) {
    tell(directory, Change::Kind::modified, name);
  });
}

void MemoryTree::overflow_watches() {
  const std::lock_guard lock(mutex_);
  for (const auto& watch : watches_) {
    if (const auto alive = watch.lock()) alive->overflow();
  }
  changed_.notify_all();
}

void MemoryTree::plant_link(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (const auto parent = find_node(root_, parent_of(path))) {
    (*parent)->entries[path.substr(path.rfind('/') + 1)] = new_node(FileInfo::Kind::link);
  }
}

void MemoryTree::plant_file(const std::string& path, std::string content) {
  const std::lock_guard lock(mutex_);
  const auto parent = find_node(root_, parent_of(path));
  if (!parent) return;
  const std::string name = path.substr(path.rfind('/') + 1);
  auto& node = (*parent)->entries[name];
  if (!node) node = new_node(FileInfo::Kind::file);
  node->content = node->durable_content = std::move(content);
  (*parent)->durable_entries[name] = node;
  touch(*node);
  tell(**parent, Change::Kind::modified, name);
}

void MemoryTree::set_owner(const std::string& path, std::uint32_t owner) {
  const std::lock_guard lock(mutex_);
  if (const auto node = find_node(root_, path)) (*node)->about.owner = owner;
}

}  // namespace errand::system
