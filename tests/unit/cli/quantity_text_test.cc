// SPDX-License-Identifier: Apache-2.0
#include "cli/quantity_text.h"

#include <gtest/gtest.h>

namespace errand::cli {
namespace {

TEST(ClockText, GrowsWithTheTime) {
  using std::chrono::seconds;
  EXPECT_EQ(clock_text(seconds(7)), "0:07");
  EXPECT_EQ(clock_text(seconds(754)), "12:34");
  EXPECT_EQ(clock_text(seconds(3 * 3600 + 5 * 60 + 9)), "3:05:09");
  EXPECT_EQ(clock_text(seconds(2 * 86400 + 3600)), "2 d 1:00:00");
  EXPECT_EQ(clock_text(seconds(-5)), "0:00");
}

TEST(ShortAge, TakesTheLargestUnit) {
  using std::chrono::seconds;
  EXPECT_EQ(short_age(seconds(59)), "59s");
  EXPECT_EQ(short_age(seconds(60)), "1m");
  EXPECT_EQ(short_age(seconds(3600)), "1h");
  EXPECT_EQ(short_age(seconds(47 * 3600)), "47h");
  EXPECT_EQ(short_age(seconds(48 * 3600)), "2d");
  EXPECT_EQ(short_age(seconds(-3)), "0s");
}

TEST(SizeText, KeepsOneDigitBehindThePoint) {
  EXPECT_EQ(size_text(0), "0 bytes");
  EXPECT_EQ(size_text(1023), "1023 bytes");
  EXPECT_EQ(size_text(1024), "1.0 KiB");
  EXPECT_EQ(size_text(64ULL << 20), "64.0 MiB");
  EXPECT_EQ(size_text(~std::uint64_t{0}), "16384.0 PiB");
}

}  // namespace
}  // namespace errand::cli
