// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "errand/error.h"
#include "share/place.h"
#include "system/files.h"

namespace errand::client {

/// The place of that path. Opened once per process and kept; each call makes sure by one look at the
/// marker that the path still means the same place. Thread-safe. Errors: as share::Place::open.
[[nodiscard]] Result<std::shared_ptr<share::Place>> open_place(const std::string& path, bool create);

/// True if no place was ever made at that path, or it was removed: there is neither a marker nor a job. The
/// user's state directory, which is the default place, may hold other things.
[[nodiscard]] bool is_absent(const std::string& path);

/// Two paths may lead to one place: equal for the same one.
struct PlaceIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  bool operator==(const PlaceIdentity&) const = default;
};
[[nodiscard]] PlaceIdentity identity_of(share::Place& place);

/// A watch on one directory of a place. Watches are kept for the next waiter of this process: to close
/// one costs milliseconds in the kernel. One thread at a time.
class DirectoryWatch {
 public:
  static Result<DirectoryWatch> open(share::Place& place, std::string directory);
  DirectoryWatch(DirectoryWatch&&) noexcept = default;
  DirectoryWatch& operator=(DirectoryWatch&&) = delete;
  ~DirectoryWatch();
  system::Watch* operator->() { return watch_.get(); }

 private:
  DirectoryWatch(const share::Place* place, std::string directory, std::unique_ptr<system::Watch> watch)
      : place_(place), directory_(std::move(directory)), watch_(std::move(watch)) {}

  const share::Place* place_;
  std::string directory_;
  std::unique_ptr<system::Watch> watch_;
};

}  // namespace errand::client
