// SPDX-License-Identifier: Apache-2.0
#include "launchpad/complaints.h"

#include <gtest/gtest.h>

#include "launchpad/patience.h"

namespace errand::launchpad {
namespace {

const Error full{ErrorCode::no_space, "at block 7", true, "", 0};
const Error full_still{ErrorCode::no_space, "at block 8", true, "", 0};
const Error stopped{ErrorCode::place_unreadable, "the server is being stopped", true, "", 0};

TEST(Complaints, AFailureThatGoesOnIsSaidNowAndThen) {
  Complaints complaints;
  EXPECT_TRUE(complaints.is_due("a job", full, 1000));
  EXPECT_FALSE(complaints.is_due("a job", full_still, 1001));
  EXPECT_FALSE(complaints.is_due("a job", full, 999 + complaint_interval_ns));
  EXPECT_TRUE(complaints.is_due("a job", full, 1000 + complaint_interval_ns));
}

TEST(Complaints, AnotherFailureAndAnotherSubjectAreNews) {
  Complaints complaints;
  EXPECT_TRUE(complaints.is_due("a job", full, 1000));
  EXPECT_TRUE(complaints.is_due("a job", stopped, 1001));
  EXPECT_TRUE(complaints.is_due("another", stopped, 1001));
}

TEST(Complaints, TheLogSaysWhatToDo) {
  EXPECT_EQ(words_of(full), "at block 7");
  EXPECT_EQ(words_of({ErrorCode::no_space, "at block 7", true, "make room", 0}),
            "at block 7 (hint: make room)");
}

TEST(Complaints, WhatHasEndedIsToldOnceAndBeginsAnew) {
  Complaints complaints;
  EXPECT_FALSE(complaints.end("a job"));
  EXPECT_TRUE(complaints.is_due("a job", full, 1000));
  EXPECT_TRUE(complaints.end("a job"));
  EXPECT_FALSE(complaints.end("a job"));
  EXPECT_TRUE(complaints.is_due("a job", full, 1001));
}

}  // namespace
}  // namespace errand::launchpad
