// SPDX-License-Identifier: Apache-2.0
#include "cli/moment.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace errand::cli {
namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t now = 1'717'160'400 * second;  // 2024-05-31T13:00:00Z

/// A zone two hours before Greenwich in summer, one in winter, whatever the machine's own is.
class Moment : public ::testing::Test {
 protected:
  void SetUp() override {
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
  }
  void TearDown() override {
    unsetenv("TZ");
    tzset();
  }
  static std::int64_t seconds(std::string_view text) { return parse_moment(text, now).value_or(-1) / second; }
};

TEST_F(Moment, AgesCountBackFromNow) {
  EXPECT_EQ(parse_moment("2h", now).value_or(0), now - 7200 * second);
  EXPECT_EQ(parse_moment("3d", now).value_or(0), now - 259200 * second);
  EXPECT_EQ(parse_moment("now", now).value_or(0), now);
}

TEST_F(Moment, DatesAreLocalTime) {
  EXPECT_EQ(seconds("2024-05-31"), 1717106400);
  EXPECT_EQ(seconds("2024-05-31 14:30"), 1717158600);
  EXPECT_EQ(seconds("2024-05-31T14:30"), 1717158600);
  EXPECT_EQ(seconds("2024-05-31 14:30:05"), 1717158605);
  EXPECT_EQ(seconds("2024-01-31 14:30:05"), 1706707805);
}

TEST_F(Moment, TrailingZMeansUtc) {
  EXPECT_EQ(seconds("2024-05-31T14:30:05Z"), 1717165805);
}

TEST_F(Moment, RefusesWhatTheCalendarDoesNotHave) {
  for (std::string_view text : {"2024-02-30", "2024-13-01", "2024-05-31 25:00", "yesterday", "",
                                "2024-05-31x", "-2h", "2024-05-31 14:30 "}) {
    auto parsed = parse_moment(text, now);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::invalid_argument);
  }
}

TEST_F(Moment, ShowsLocalTimeAndUtc) {
  EXPECT_EQ(local_time_text(now + 5 * second), "2024-05-31 15:00:05");
  EXPECT_EQ(utc_time_text(now + 123), "2024-05-31T13:00:00.000000123Z");
  EXPECT_EQ(utc_time_text(-1), "1969-12-31T23:59:59.999999999Z");
}

}  // namespace
}  // namespace errand::cli
