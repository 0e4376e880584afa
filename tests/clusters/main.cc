// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "errand/errand.h"

/// The test program is the one that is snapshotted and run on the nodes.
int main(int argc, char** argv) {
  errand::init(argc, argv);
  ::testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
