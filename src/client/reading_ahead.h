// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "system/files.h"

namespace errand::client {

/// Directories that one thread reads in their order: each batch of them is read ahead when its reader comes
/// to the batch's first. What is read of one is not older than that.
class ReadingAhead {
 public:
  ReadingAhead(system::Files& files, std::vector<std::string> directories)
      : files_(files), directories_(std::move(directories)) {}
  /// To be called with 0, 1, 2 ... before the directory is read.
  void come_to(std::size_t index);

 private:
  system::Files& files_;
  const std::vector<std::string> directories_;
  std::shared_ptr<void> batch_;
};

}  // namespace errand::client
