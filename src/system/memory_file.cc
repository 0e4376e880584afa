// SPDX-License-Identifier: Apache-2.0
#include "system/memory_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "system/try.h"

namespace errand::system {
namespace {

// A mapping cannot move once it was given out, so room for a longer one is made at once.
constexpr std::size_t mapping_capacity = 64 * 1024;

}  // namespace

MemoryFile::MemoryFile(std::shared_ptr<MemoryFiles> view, std::shared_ptr<MemoryNode> node, std::string path,
                       bool writable)
    : view_(std::move(view)),
      node_(node->original ? node->original : node),
      seen_(std::move(node)),
      path_(std::move(path)),
      writable_(writable),
      power_cuts_(view_->tree_->power_cuts_) {}

// Closing any descriptor of a file gives up the process's lock on it: as POSIX has it.
MemoryFile::~MemoryFile() {
  const std::lock_guard lock(view_->tree_->mutex_);
  if (node_->lock_owner == view_->id_) node_->lock_owner = 0;
}

Result<void> MemoryFile::begin(Operation kind) {
  TRY_VOID(view_->begin(kind));
  if (power_cuts_ != view_->tree_->power_cuts_) return os_error(EIO, "power was cut under", path_, true);
  return {};
}

Result<void> MemoryFile::begin_writing(Operation kind) {
  TRY_VOID(begin(kind));
  if (!writable_) return os_error(EBADF, "cannot write", path_, true);
  return {};
}

const MemoryNode& MemoryFile::seen() {
  if (auto now = view_->visible(node_)) seen_ = std::move(now);
  return *seen_;
}

Result<std::size_t> MemoryFile::read_at(std::uint64_t offset, std::span<std::byte> into) {
  const std::lock_guard lock(view_->tree_->mutex_);
  TRY_VOID(begin(Operation::read));
  const std::string bytes = seen().bytes(offset, into.size());
  std::memcpy(into.data(), bytes.data(), bytes.size());
  TRY_VOID(view_->end());
  return bytes.size();
}

void MemoryFile::write(std::string_view bytes) {
  node_->content.resize(node_->size());
  node_->content.append(bytes);
  view_->tree_->touch(*node_);
  view_->tree_->tell_modified(*node_);
  (void)view_->show(node_);
}

Result<void> MemoryFile::append(std::span<const std::byte> bytes) {
  const std::lock_guard lock(view_->tree_->mutex_);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  auto outcome = begin_writing(Operation::append);
  if (!outcome) {
    const bool half = view_->fault_ && view_->fault_->manner == FaultPlan::Manner::half;
    if (half && writable_ && power_cuts_ == view_->tree_->power_cuts_) write(text.substr(0, text.size() / 2));
    return outcome;
  }
  write(text);
  return view_->end();
}

Result<void> MemoryFile::sync() {
  const std::lock_guard lock(view_->tree_->mutex_);
  TRY_VOID(begin(Operation::sync));
  node_->durable_content = node_->bytes(0, node_->size());
  return view_->end();
}

Result<FileInfo> MemoryFile::info() {
  const std::lock_guard lock(view_->tree_->mutex_);
  TRY_VOID(begin(Operation::info));
  const MemoryNode& node = seen();
  FileInfo info = node.about;
  info.size = node.size();
  TRY_VOID(view_->end());
  return info;
}

Result<Buffer> MemoryFile::view(std::uint64_t offset, std::uint64_t length) {
  const std::lock_guard lock(view_->tree_->mutex_);
  TRY_VOID(begin(Operation::read));
  auto bytes = Buffer::take(seen().bytes(offset, length));
  TRY_VOID(view_->end());
  return bytes;
}

Result<std::shared_ptr<std::byte[]>> MemoryFile::share_memory(std::size_t length) {
  const std::lock_guard lock(view_->tree_->mutex_);
  TRY_VOID(begin_writing(Operation::share_memory));
  if (!node_->shared) node_->shared = std::make_shared<std::byte[]>(std::max(length, mapping_capacity));
  if (length > mapping_capacity && length > node_->shared_length && node_->shared_length > 0) {
    return os_error(EOPNOTSUPP, "cannot map more of", path_, true);
  }
  for (std::size_t at = node_->shared_length; at < std::min(length, node_->content.size()); ++at) {
    node_->shared[static_cast<std::ptrdiff_t>(at)] = static_cast<std::byte>(node_->content[at]);
  }
  node_->shared_length = std::max(node_->shared_length, length);
  TRY_VOID(view_->end());
  return node_->shared;
}

Result<void> MemoryFile::punch_hole(std::uint64_t offset, std::uint64_t length) {
  const std::lock_guard lock(view_->tree_->mutex_);
  TRY_VOID(begin_writing(Operation::punch_hole));
  std::string& content = node_->content;
  const std::uint64_t begin_at = std::min<std::uint64_t>(offset, content.size());
  const std::uint64_t end_at = begin_at + std::min<std::uint64_t>(length, content.size() - begin_at);
  std::fill(content.begin() + static_cast<std::ptrdiff_t>(begin_at),
            content.begin() + static_cast<std::ptrdiff_t>(end_at), '\0');
  view_->tree_->touch(*node_);
  return view_->end();
}

Result<bool> MemoryFile::try_lock() {
  const std::lock_guard lock(view_->tree_->mutex_);
  TRY_VOID(begin_writing(Operation::lock));
  const bool free = node_->lock_owner == 0 || node_->lock_owner == view_->id_;
  if (free && !view_->local_locks_) node_->lock_owner = view_->id_;
  TRY_VOID(view_->end());
  return free || view_->local_locks_;
}

Result<bool> MemoryFile::is_locked() {
  const std::lock_guard lock(view_->tree_->mutex_);
  TRY_VOID(begin(Operation::lock));
  const bool taken = node_->lock_owner != 0 && node_->lock_owner != view_->id_;
  TRY_VOID(view_->end());
  return taken && !view_->local_locks_;
}

}  // namespace errand::system
