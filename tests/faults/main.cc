// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "errand/errand.h"

namespace {

/// A warm parent that somebody kills before it is ready: each start takes a file away, until there is none.
void die_if_asked() {
  const char* folder = std::getenv("FAULTS_DIE_PER_FILE");
  if (folder == nullptr) return;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
    std::filesystem::remove(entry.path());
    ::raise(SIGKILL);
  }
}

}  // namespace

/// The test program is itself the one that its jobs run.
int main(int argc, char** argv) {
  die_if_asked();
  errand::init(argc, argv);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
