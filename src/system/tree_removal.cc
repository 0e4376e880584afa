// SPDX-License-Identifier: Apache-2.0
#include "system/tree_removal.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <vector>

#include "system/descriptor.h"
#include "system/directory_entries.h"

namespace errand::system {
namespace {

// One descriptor is open per level: deeper directories are first moved up to the top of the tree.
constexpr int deepest_level = 24;
// A directory that somebody fills while it is emptied is read again so many times.
constexpr int most_passes = 100;

constexpr int directory_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;

// chmod by the opened entry: by name it would follow a link put there meanwhile.
bool make_accessible(int parent, const char* name) {
  const Descriptor entry =
      keep_off_standard(Descriptor(openat(parent, name, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC)));
  if (!entry) return false;
  char path[32];
  std::snprintf(path, sizeof path, "/proc/self/fd/%d", entry.get());
  return chmod(path, 0700) == 0;
}

Descriptor open_to_empty(int parent, const char* name) {
  Descriptor directory(openat(parent, name, directory_flags));
  if (!directory && errno == EACCES && make_accessible(parent, name)) {
    directory = Descriptor(openat(parent, name, directory_flags));
  }
  return keep_off_standard(std::move(directory));
}

class TreeRemoval {
 public:
  int remove(int parent, const char* name, int level);

 private:
  int empty(int directory, int level);
  int remove_entry(int directory, const char* name, unsigned char type, std::vector<std::string>& below);
  int remove_below(int directory, const std::string& name, int level);

  int top_ = -1;
  unsigned long moved_ = 0;
};

int unlink_entry(int directory, const char* name, int flags) {
  if (unlinkat(directory, name, flags) == 0 || errno == ENOENT) return 0;
  if (errno != EACCES || fchmod(directory, 0700) != 0) return errno;
  return unlinkat(directory, name, flags) == 0 || errno == ENOENT ? 0 : errno;
}

int TreeRemoval::remove_entry(int directory, const char* name, unsigned char type,
                              std::vector<std::string>& below) {
  if (type == DT_DIR) {
    below.emplace_back(name);
    return 0;
  }
  const int failure = unlink_entry(directory, name, 0);
  if (failure != EISDIR) return failure;
  below.emplace_back(name);
  return 0;
}

int TreeRemoval::remove_below(int directory, const std::string& name, int level) {
  if (level < deepest_level) return remove(directory, name.c_str(), level + 1);
  for (int tries = 0;; ++tries) {
    const std::string higher = ".removed-" + std::to_string(moved_++);
    if (renameat(directory, name.c_str(), top_, higher.c_str()) == 0 || errno == ENOENT) return 0;
    const bool taken = errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR;
    const bool locked =
        errno == EACCES && fchmod(directory, 0700) == 0 && make_accessible(directory, name.c_str());
    if ((!taken && !locked) || tries == most_passes) return errno;
  }
}

int TreeRemoval::empty(int directory, int level) {
  std::vector<std::string> below;
  int failure = 0;
  const int listing = for_each_entry(directory, [&](const char* name, unsigned char type) {
    failure = remove_entry(directory, name, type, below);
    return failure == 0;
  });
  if (listing != 0) return failure != 0 ? failure : listing;
  for (const std::string& name : below) {
    if (failure = remove_below(directory, name, level); failure != 0) return failure;
  }
  return 0;
}

int TreeRemoval::remove(int parent, const char* name, int level) {
  const Descriptor directory = open_to_empty(parent, name);
  if (!directory) {
    if (errno == ENOENT) return level == 0 ? ENOENT : 0;
    if (errno == ENOTDIR || errno == ELOOP) return unlink_entry(parent, name, 0);
    return errno;
  }
  if (level == 0) top_ = directory.get();
  for (int pass = 0; pass < most_passes; ++pass) {
    const unsigned long moved_before = moved_;
    if (const int failure = empty(directory.get(), level); failure != 0) return failure;
    const int failure = unlink_entry(parent, name, AT_REMOVEDIR);
    if (failure != ENOTEMPTY && failure != EEXIST) return failure;
    lseek(directory.get(), 0, SEEK_SET);
    if (moved_ != moved_before) pass = 0;
  }
  return ENOTEMPTY;
}

}  // namespace

int remove_tree_at(int parent, const char* name) {
  return TreeRemoval().remove(parent, name, 0);
}

}  // namespace errand::system
