// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "errand/error.h"
#include "system/descriptor.h"

/// Opening paths below a directory so that neither ".." nor a symbolic link leads out of it. Failures
/// return an empty Descriptor with errno set; ELOOP means a symbolic link.
namespace errand::system {

/// True for "a/b/c": no empty component, no "." or "..", no leading '/', no NUL. "" is the root itself.
[[nodiscard]] bool is_tree_path(std::string_view path) noexcept;

/// The error for a path that is_tree_path refuses.
[[nodiscard]] Error not_in_tree(const std::string& path);

/// Opens `path` (a tree path) below `root`, close-on-exec, the last component not followed either. With
/// O_PATH | O_NOFOLLOW a link itself is opened.
[[nodiscard]] Descriptor open_beneath(int root, const std::string& path, int flags, unsigned mode = 0);

/// The same without openat2, one component at a time: for kernels and sandboxes that lack it.
[[nodiscard]] Descriptor open_by_steps(int root, const std::string& path, int flags, unsigned mode = 0);

/// The directory that holds the last component of a path, and that component: what the *at calls need.
class Entry {
 public:
  /// Fails with errno as open_beneath; `path` must be a tree path other than "".
  Entry(int root, const std::string& path);

  explicit operator bool() const noexcept { return directory_ >= 0; }
  [[nodiscard]] int directory() const noexcept { return directory_; }
  [[nodiscard]] const char* name() const noexcept { return name_; }

 private:
  Descriptor opened_;
  int directory_ = -1;
  const char* name_;  ///< points into the caller's path
};

}  // namespace errand::system
