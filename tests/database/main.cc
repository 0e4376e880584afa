// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "errand/errand.h"

/// The test program is the one that is snapshotted and run by the workers.
int main(int argc, char** argv) {
  errand::init(argc, argv);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
