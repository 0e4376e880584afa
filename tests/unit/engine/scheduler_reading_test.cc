// SPDX-License-Identifier: Apache-2.0
#include "engine/scheduler/reading.h"

#include <gtest/gtest.h>

namespace errand::engine::scheduler {
namespace {

TEST(TimeLimit, IsReadAsSbatchReadsIt) {
  EXPECT_EQ(*read_time_limit("90"), 5400U);
  EXPECT_EQ(*read_time_limit("1:30"), 90U);
  EXPECT_EQ(*read_time_limit("2:00:00"), 7200U);
  EXPECT_EQ(*read_time_limit("1-12"), 129'600U);
  EXPECT_EQ(*read_time_limit("1-0:30"), 88'200U);
  EXPECT_EQ(*read_time_limit("1-0:0:5"), 86'405U);
  for (const char* bad :
       {"", "0", "soon", "1:", ":1", "1:2:3:4", "-1", "1-", "1.5", "99999999999", "4000-0"}) {
    EXPECT_FALSE(read_time_limit(bad).ok()) << bad;
  }
}

TEST(CalendarTime, IsNothingRatherThanWrong) {
  EXPECT_GT(read_calendar_time("Sat Nov 21 13:59:28 2026"), 1'795'000'000);
  EXPECT_EQ(read_calendar_time("-/-"), 0);
  EXPECT_EQ(read_calendar_time(""), 0);
}

TEST(MemorySize, APlainNumberMeansMegabytes) {
  EXPECT_EQ(memory_size("4000"), "4000M");
  EXPECT_EQ(memory_size("4G"), "4G");
  EXPECT_EQ(memory_size("4GB"), "4G");
  EXPECT_EQ(memory_size("B"), "B");
  EXPECT_EQ(memory_size(""), "");
}

TEST(Fields, AreTakenToTheEnd) {
  std::string_view text = "a||b";
  EXPECT_EQ(take_field(text, '|'), "a");
  EXPECT_EQ(take_field(text, '|'), "");
  EXPECT_EQ(take_field(text, '|'), "b");
  EXPECT_TRUE(text.empty());
  EXPECT_EQ(take_field(text, '|'), "");
  EXPECT_EQ(trimmed(" \n a b\t"), "a b");
  EXPECT_EQ(trimmed("  "), "");
}

}  // namespace
}  // namespace errand::engine::scheduler
