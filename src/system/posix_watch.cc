// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <map>
#include <unordered_map>

#include "system/beneath.h"
#include "system/looking_watch.h"
#include "system/posix_files.h"
#include "system/try.h"

namespace errand::system {
namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

constexpr std::uint32_t interesting = IN_CREATE | IN_MOVED_TO | IN_MODIFY | IN_DELETE | IN_MOVED_FROM |
                                      IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

Change::Kind change_of(std::uint32_t mask) {
  if ((mask & IN_CREATE) != 0) return Change::Kind::created;
  if ((mask & IN_MOVED_TO) != 0) return Change::Kind::moved_in;
  if ((mask & IN_MODIFY) != 0) return Change::Kind::modified;
  return Change::Kind::removed;
}

// Repeats of an entry's last change are dropped; a different one in between keeps both.
class Coalesced {
 public:
  explicit Coalesced(std::vector<Change>& changes) : changes_(changes) {}

  void add(Change::Kind kind, const std::string& directory, const char* name) {
    auto [last, first] = last_.try_emplace(directory + '\0' + name, kind);
    if (!first && last->second == kind) return;
    last->second = kind;
    changes_.push_back({kind, directory, name});
  }

 private:
  std::vector<Change>& changes_;
  std::unordered_map<std::string, Change::Kind> last_;
};

/// Told by inotify where that works, looking where it does not; one watch may do both.
class PosixWatch final : public Watch {
 public:
  PosixWatch(Descriptor root, std::string path, Descriptor inotify)
      : root_(std::move(root)), path_(std::move(path)), inotify_(std::move(inotify)), looking_(root_.get()) {}

  Result<void> add(const std::string& directory) override;
  void remove(const std::string& directory) override;
  Result<std::vector<Change>> wait(std::optional<Milliseconds> timeout) override;
  [[nodiscard]] int descriptor() const override { return looking_.empty() ? inotify_.get() : -1; }

 private:
  Result<bool> add_told(const std::string& directory);
  [[nodiscard]] int register_directory(const std::string& directory) const;
  void report(const inotify_event& event, Coalesced& changes, std::vector<Change>& all);
  int drain(std::vector<Change>& changes);
  [[nodiscard]] int pause(std::optional<Milliseconds> left) const;

  Descriptor root_;
  std::string path_;
  Descriptor inotify_;
  std::map<int, std::string> told_;  ///< by watch descriptor
  LookingWatch looking_;
};

// By the opened directory, so that no link is followed; by name only where /proc is not mounted.
// -1: errno says why.
int PosixWatch::register_directory(const std::string& directory) const {
  const Descriptor opened = keep_off_standard(open_beneath(root_.get(), directory, O_PATH | O_DIRECTORY));
  if (!opened) return -1;
  char name[32];
  std::snprintf(name, sizeof name, "/proc/self/fd/%d", opened.get());
  const int watch = inotify_add_watch(inotify_.get(), name, interesting);
  if (watch >= 0 || errno != ENOENT) return watch;
  const std::string path = directory.empty() ? path_ : path_ + "/" + directory;
  return inotify_add_watch(inotify_.get(), path.c_str(), interesting | IN_DONT_FOLLOW);
}

// False: no watches are left, somebody has to look.
Result<bool> PosixWatch::add_told(const std::string& directory) {
  const int watch = register_directory(directory);
  if (watch >= 0) {
    told_.insert_or_assign(watch, directory);
    return true;
  }
  if (errno == ENOSPC || errno == ENOMEM) return false;
  return os_error(errno, "cannot watch", path_ + "/" + directory, false);
}

Result<void> PosixWatch::add(const std::string& directory) {
  if (!is_tree_path(directory)) {
    return Error{ErrorCode::invalid_argument, "cannot watch \"" + directory + "\"", false, {}, 0};
  }
  if (inotify_) {
    TRY(const bool told, add_told(directory));
    if (told) return {};
  }
  return looking_.add(directory);
}

void PosixWatch::remove(const std::string& directory) {
  looking_.remove(directory);
  for (auto at = told_.begin(); at != told_.end();) {
    if (at->second != directory) {
      ++at;
      continue;
    }
    inotify_rm_watch(inotify_.get(), at->first);
    at = told_.erase(at);
  }
}

void PosixWatch::report(const inotify_event& event, Coalesced& changes, std::vector<Change>& all) {
  if ((event.mask & IN_Q_OVERFLOW) != 0) {
    all.push_back({Change::Kind::overflow, {}, {}});
    return;
  }
  const auto directory = told_.find(event.wd);
  if (directory == told_.end()) return;  // removed by the caller, its last events still queued
  if ((event.mask & IN_IGNORED) != 0) {
    told_.erase(directory);
    return;
  }
  changes.add(change_of(event.mask), directory->second, event.len > 0 ? event.name : "");
}

// Everything queued; 0 or an errno.
int PosixWatch::drain(std::vector<Change>& changes) {
  alignas(inotify_event) char buffer[16 * 1024];
  Coalesced coalesced(changes);
  for (;;) {
    const ssize_t got = read(inotify_.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got == 0 || errno == EAGAIN ? 0 : errno;
    for (ssize_t at = 0; at < got;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
      report(*event, coalesced, changes);
    }
    // A writer faster than this reader must not hold it here.
    if (changes.size() > 10'000) return 0;
  }
}

// Until told, or it is time to look or to return. -1 with errno.
int PosixWatch::pause(std::optional<Milliseconds> left) const {
  Milliseconds time = left.value_or(Milliseconds(-1));
  if (!looking_.empty()) time = left ? std::min(*left, looking_.interval()) : looking_.interval();
  pollfd told{inotify_.get(), POLLIN, 0};
  return poll(&told, 1, static_cast<int>(std::min<std::int64_t>(time.count(), 1'000'000'000)));
}

Result<std::vector<Change>> PosixWatch::wait(std::optional<Milliseconds> timeout) {
  const auto begin = Clock::now();
  std::vector<Change> changes;
  for (;;) {
    if (inotify_) {
      if (const int failure = drain(changes); failure != 0) {
        return os_error(failure, "cannot watch", path_, false);
      }
    }
    if (!looking_.empty()) looking_.look(changes);
    if (!changes.empty()) return changes;
    std::optional<Milliseconds> left;
    if (timeout) {
      const auto passed = Clock::now() - begin;
      if (passed >= *timeout) return changes;
      left = std::chrono::ceil<Milliseconds>(*timeout - passed);
    }
    if (pause(left) < 0) {
      if (errno == EINTR) return changes;
      return os_error(errno, "cannot wait for changes in", path_, false);
    }
  }
}

}  // namespace

Result<std::unique_ptr<Watch>> open_watch(int root, const std::string& path, bool by_looking) {
  Descriptor own(fcntl(root, F_DUPFD_CLOEXEC, lowest_kept_descriptor));
  if (!own) own = Descriptor(fcntl(root, F_DUPFD_CLOEXEC, 0));
  if (!own) return os_error(errno, "cannot watch", path, false);
  Descriptor inotify;
  if (!by_looking) inotify = keep_high(Descriptor(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)));
  return std::unique_ptr<Watch>(std::make_unique<PosixWatch>(std::move(own), path, std::move(inotify)));
}

}  // namespace errand::system
