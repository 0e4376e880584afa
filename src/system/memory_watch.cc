// SPDX-License-Identifier: Apache-2.0
#include "system/memory_watch.h"

#include "system/memory_files.h"
#include "system/try.h"

namespace errand::system {

MemoryWatch::MemoryWatch(std::shared_ptr<MemoryFiles> view) : view_(std::move(view)) {}

Result<void> MemoryWatch::add(const std::string& directory) {
  const std::lock_guard lock(view_->tree_->mutex_);
  TRY_VOID(view_->begin(Operation::watch));
  TRY(const auto node, find_node(view_->visible_root(), directory));
  if (!node->is_directory()) return os_error(ENOTDIR, "cannot watch", directory, false);
  directories_.insert_or_assign(directory, node->about.inode);
  return view_->end();
}

void MemoryWatch::remove(const std::string& directory) {
  const std::lock_guard lock(view_->tree_->mutex_);
  directories_.erase(directory);
}

void MemoryWatch::take(std::uint64_t inode, Change::Kind kind, const std::string& name) {
  for (const auto& [directory, watched] : directories_) {
    if (watched == inode) queue_.push_back({view_->refreshes_ + 1, {kind, directory, name}});
  }
}

void MemoryWatch::overflow() {
  queue_.clear();
  queue_.push_back({0, {Change::Kind::overflow, {}, {}}});
}

std::vector<Change> MemoryWatch::deliver() {
  std::vector<Change> changes;
  std::vector<Event> later;
  for (Event& event : queue_) {
    const bool hidden = view_->delay_ > 0 && event.sequence > view_->refreshes_;
    if (hidden) {
      later.push_back(std::move(event));
    } else if (changes.empty() || changes.back().kind != event.change.kind ||
               changes.back().name != event.change.name ||
               changes.back().directory != event.change.directory) {
      changes.push_back(std::move(event.change));
    }
  }
  queue_ = std::move(later);
  return changes;
}

// A delayed process looks again and again, and each look is an operation that brings it forward.
Result<std::vector<Change>> MemoryWatch::wait(std::optional<std::chrono::milliseconds> timeout) {
  constexpr std::chrono::milliseconds look{1};
  const auto begin = std::chrono::steady_clock::now();
  std::unique_lock lock(view_->tree_->mutex_);
  for (;;) {
    TRY_VOID(view_->begin(Operation::watch));
    auto changes = deliver();
    const auto passed = std::chrono::steady_clock::now() - begin;
    if (!changes.empty() || (timeout && passed >= *timeout)) return changes;
    auto& changed = view_->tree_->changed_;
    if (view_->delay_ > 0) {
      changed.wait_for(lock, look);
    } else if (timeout) {
      changed.wait_for(lock, *timeout - passed);
    } else {
      changed.wait(lock);
    }
  }
}

namespace {

class MemoryWatchHandle final : public Watch {
 public:
  explicit MemoryWatchHandle(std::shared_ptr<MemoryWatch> watch) : watch_(std::move(watch)) {}
  Result<void> add(const std::string& directory) override { return watch_->add(directory); }
  void remove(const std::string& directory) override { watch_->remove(directory); }
  Result<std::vector<Change>> wait(std::optional<std::chrono::milliseconds> timeout) override {
    return watch_->wait(timeout);
  }
  [[nodiscard]] int descriptor() const override { return -1; }

 private:
  std::shared_ptr<MemoryWatch> watch_;
};

}  // namespace

Result<std::unique_ptr<Watch>> MemoryFiles::watch() {
  const std::lock_guard lock(tree_->mutex_);
  TRY_VOID(begin(Operation::watch));
  const auto made = std::make_shared<MemoryWatch>(shared_from_this());
  tree_->watches_.push_back(made);
  return std::unique_ptr<Watch>(std::make_unique<MemoryWatchHandle>(made));
}

}  // namespace errand::system
