// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "client_fixture.h"

namespace errand::client {
namespace {

class WaitTest : public ClientTest {};

/// Nobody has sealed it, and nobody will: the one look that a fresh job is spared has to be made up for.
TEST_F(WaitTest, AFreshJobThatHasEndedIsNotCalledUnfinishedWhenTheTimeIsOver) {
  const JobRef job = finished(1);
  WaitOptions options;
  options.timeout = std::chrono::milliseconds(0);
  auto status = wait_for_job(job, options);
  ASSERT_TRUE(status.ok()) << status.error().message;
  EXPECT_EQ(status->status, JobStatus::finished);
}

TEST_F(WaitTest, WhenTheTimeIsOverItIsSaidHowFarTheJobIs) {
  const JobRef job = publish(2);
  WaitOptions options;
  options.timeout = std::chrono::milliseconds(0);
  auto status = wait_for_job(job, options);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::timeout);
  EXPECT_NE(status.error().message.find("; "), std::string::npos) << status.error().message;
}

}  // namespace
}  // namespace errand::client
