// SPDX-License-Identifier: Apache-2.0
#include "system/looking_watch.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "system/beneath.h"
#include "system/directory_entries.h"

namespace errand::system {
namespace {

using SteadyClock = std::chrono::steady_clock;

// Asks the file server: attributes cached here may be seconds old.
bool look_at(int directory, const char* name, DirectorySnapshot::Entry& entry) {
  struct statx status {};
  constexpr unsigned wanted = STATX_SIZE | STATX_MTIME | STATX_INO;
  if (statx(directory, name, AT_SYMLINK_NOFOLLOW | AT_STATX_FORCE_SYNC, wanted, &status) != 0) return false;
  entry.size = status.stx_size;
  entry.inode = status.stx_ino;
  entry.modified_ns = status.stx_mtime.tv_sec * 1'000'000'000 + status.stx_mtime.tv_nsec;
  return true;
}

// 0 or errno; ENOENT leaves a snapshot that is not present.
int take_snapshot(int root, const std::string& path, DirectorySnapshot& snapshot) {
  const Descriptor directory = keep_off_standard(open_beneath(root, path, O_RDONLY | O_DIRECTORY));
  if (!directory) return errno;
  snapshot.present = true;
  return for_each_entry(directory.get(), [&](const char* name, unsigned char) {
    DirectorySnapshot::Entry entry;
    if (look_at(directory.get(), name, entry)) snapshot.entries.emplace(name, entry);
    return true;
  });
}

}  // namespace

Result<void> LookingWatch::add(const std::string& directory) {
  if (seen_.contains(directory)) return {};  // what changed since its last look is still to be reported
  DirectorySnapshot snapshot;
  if (const int failure = take_snapshot(root_, directory, snapshot); failure != 0) {
    return os_error(failure, "cannot watch", directory, false);
  }
  seen_.insert_or_assign(directory, std::move(snapshot));
  interval_ = first_interval;
  return {};
}

void LookingWatch::look(std::vector<Change>& changes) {
  const auto begin = SteadyClock::now();
  const std::size_t before = changes.size();
  for (auto& [directory, seen] : seen_) {
    DirectorySnapshot now;
    const int failure = take_snapshot(root_, directory, now);
    // Another failure than "gone" says nothing about the directory: look again later.
    if (failure != 0 && failure != ENOENT) continue;
    append_changes(directory, seen, now, changes);
    seen = std::move(now);
  }
  const auto cost = std::chrono::duration_cast<Milliseconds>(SteadyClock::now() - begin);
  const bool changed = changes.size() > before;
  interval_ = changed ? first_interval : interval_ + interval_ / 2;
  interval_ = std::min(std::max(interval_, 4 * cost), last_interval);
}

}  // namespace errand::system
