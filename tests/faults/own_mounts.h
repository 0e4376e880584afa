// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/mount.h>
#include <unistd.h>

#include <sched.h>

#include <filesystem>
#include <string>

namespace errand::faults {

/// A small file system in memory, seen by this process and what it starts only: it goes with them.
class SmallFileSystem {
 public:
  SmallFileSystem(std::string path, const std::string& size) : path_(std::move(path)) {
    std::filesystem::create_directories(path_);
    std::string options = "mode=0700,size=" + size;
    mounted_ = own_namespace() && ::mount("none", path_.c_str(), "tmpfs", 0, options.c_str()) == 0;
  }
  ~SmallFileSystem() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  SmallFileSystem(const SmallFileSystem&) = delete;
  SmallFileSystem& operator=(const SmallFileSystem&) = delete;

  /// False where this user may not mount.
  [[nodiscard]] bool mounted() const { return mounted_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] bool set_read_only(bool on) const {
    return ::mount("none", path_.c_str(), nullptr, MS_REMOUNT | (on ? MS_RDONLY : 0), nullptr) == 0;
  }
  [[nodiscard]] std::uintmax_t room() const { return std::filesystem::space(path_).available; }

 private:
  static bool own_namespace() {
    static const bool done = ::geteuid() == 0 && ::unshare(CLONE_NEWNS) == 0 &&
                             ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    return done;
  }
  std::string path_;
  bool mounted_ = false;
};

}  // namespace errand::faults
