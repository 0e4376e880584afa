// SPDX-License-Identifier: Apache-2.0
#include "system/beneath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace errand::system {
namespace {

int call_openat2(int root, const char* path, int flags, unsigned mode) noexcept {
  open_how how{};
  how.flags = static_cast<unsigned>(flags);
  how.mode = (flags & O_CREAT) != 0 ? mode : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  int number = -1;
  do {
    number = static_cast<int>(syscall(SYS_openat2, root, path, &how, sizeof how));
  } while (number < 0 && (errno == EINTR || errno == EAGAIN));
  return number;
}

// Old kernels say ENOSYS, sandboxes ENOSYS or EPERM; asked once, so that an EPERM of a file stays one.
bool has_openat2() noexcept {
  static const bool answer = [] {
    const Descriptor probe(call_openat2(AT_FDCWD, ".", O_PATH | O_CLOEXEC, 0));
    return static_cast<bool>(probe) || (errno != ENOSYS && errno != EPERM);
  }();
  return answer;
}

int call_openat(int directory, const char* name, int flags, unsigned mode) noexcept {
  int number = -1;
  do {
    number = openat(directory, name, flags, mode);
  } while (number < 0 && errno == EINTR);
  return number;
}

// One component. A link where a directory is wanted gives ENOTDIR: told apart here.
Descriptor step(int directory, const char* name, int flags, unsigned mode) noexcept {
  Descriptor opened(call_openat(directory, name, flags | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!opened && errno == ENOTDIR) {
    struct stat status {};
    const bool link = fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode);
    errno = link ? ELOOP : ENOTDIR;
  }
  return opened;
}

}  // namespace

bool is_tree_path(std::string_view path) noexcept {
  if (path.empty()) return true;
  if (path.find('\0') != path.npos) return false;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const auto component = path.substr(begin, end - begin);
    if (component.empty() || component == "." || component == "..") return false;
    begin = end + 1;
  }
  return true;
}

Error not_in_tree(const std::string& path) {
  return {
      ErrorCode::invalid_argument, "\"" + path + "\" is not a path inside a share directory", false, {}, 0};
}

Descriptor open_by_steps(int root, const std::string& path, int flags, unsigned mode) {
  if (path.empty()) return Descriptor(call_openat(root, ".", flags | O_CLOEXEC, mode));
  Descriptor held;
  int directory = root;
  for (std::size_t begin = 0;;) {
    const std::size_t end = path.find('/', begin);
    if (end == path.npos) return step(directory, path.c_str() + begin, flags, mode);
    Descriptor next = step(directory, path.substr(begin, end - begin).c_str(), O_PATH | O_DIRECTORY, 0);
    if (!next) return next;
    held = std::move(next);
    directory = held.get();
    begin = end + 1;
  }
}

Descriptor open_beneath(int root, const std::string& path, int flags, unsigned mode) {
  if (!has_openat2()) return open_by_steps(root, path, flags, mode);
  // Without O_NOFOLLOW of our own: beside O_DIRECTORY it would turn ELOOP into ENOTDIR.
  return Descriptor(call_openat2(root, path.empty() ? "." : path.c_str(), flags | O_CLOEXEC, mode));
}

Entry::Entry(int root, const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == path.npos) {
    directory_ = root;
    name_ = path.c_str();
    return;
  }
  name_ = path.c_str() + slash + 1;
  opened_ = keep_off_standard(open_beneath(root, path.substr(0, slash), O_PATH | O_DIRECTORY));
  directory_ = opened_.get();
}

}  // namespace errand::system
