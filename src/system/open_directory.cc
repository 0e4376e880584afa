// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "system/posix_file.h"
#include "system/posix_files.h"

namespace errand::system {
namespace {

// linux/magic.h lacks most of these. FUSE stands for sshfs and its like; a local one only loses mapping
// and watches by being taken for them.
constexpr std::array<unsigned long, 17> network_magics = {
    0x6969,      // NFS
    0x517b,      // SMB
    0xff534d42,  // CIFS
    0xfe534d42,  // SMB2
    0x0bd00bd0,  // Lustre
    0x47504653,  // GPFS
    0x65735546,  // FUSE
    0x00c36400,  // Ceph
    0x5346414f,  // AFS
    0x6b414653,  // AFS of the kernel
    0x73757245,  // Coda
    0x01021997,  // 9P
    0x7461636f,  // OCFS2
    0x01161970,  // GFS2
    0x19830326,  // BeeGFS
    0xaad7aaea,  // PanFS
    0x20030528,  // OrangeFS
};

// Links in it are kept: what they lead to may have another name on another machine.
std::string absolute_of(const std::string& path) {
  std::string whole = path;
  if (path.empty() || path.front() != '/') {
    char* here = get_current_dir_name();
    whole = (here != nullptr ? std::string(here) : std::string()) + "/" + path;
    std::free(here);
  }
  while (whole.size() > 1 && whole.back() == '/') whole.pop_back();
  return whole;
}

Error unreadable(const std::string& path) {
  Error error = os_error(errno, "cannot open directory", path, false);
  error.code = ErrorCode::place_unreadable;
  return error;
}

Result<void> make_one(const std::string& path) {
  if (mkdir(path.c_str(), 0700) == 0) return {};
  const int number = errno;
  struct stat status {};
  if (number == EEXIST && stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return {};
  Error error = os_error(number, "cannot make directory", path, true);
  if (error.code != ErrorCode::no_space) error.code = ErrorCode::place_unwritable;
  if (error.hint.empty()) error.hint = os_error(EACCES, "", path, true).hint;
  return error;
}

}  // namespace

bool is_network_magic(long magic) noexcept {
  // Some kernels hand 32-bit numbers out with their sign.
  const auto number = static_cast<unsigned long>(magic) & 0xffffffffu;
  return std::find(network_magics.begin(), network_magics.end(), number) != network_magics.end();
}

Result<std::shared_ptr<Files>> open_directory(const std::string& path) {
  const std::string absolute = absolute_of(path);
  Descriptor root = keep_high(Descriptor(open(absolute.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
  if (!root) return unreadable(absolute);
  struct statfs status {};
  if (fstatfs(root.get(), &status) != 0) return unreadable(absolute);
  const bool network = is_network_magic(static_cast<long>(status.f_type));
  return std::shared_ptr<Files>(std::make_shared<PosixFiles>(std::move(root), absolute, network));
}

Result<FileInfo> outside_file_info(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return os_error(errno, "cannot look at", path, false);
  return to_info(status);
}

Result<void> make_directories(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return {};
  for (std::size_t slash = path.find('/', 1); slash < path.size(); slash = path.find('/', slash + 1)) {
    const std::string parent = path.substr(0, slash);
    if (stat(parent.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) continue;
    if (auto made = make_one(parent); !made) return made;
  }
  return make_one(path);
}

}  // namespace errand::system
