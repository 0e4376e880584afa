// SPDX-License-Identifier: Apache-2.0
#include "errand/quantity.h"

#include <gtest/gtest.h>

namespace errand {
namespace {

using std::chrono::milliseconds;

TEST(ParseDuration, UnderstandsUnitsFractionsAndSums) {
  const std::pair<const char*, std::int64_t> cases[] = {{"0", 0},
                                                        {"30", 30'000},
                                                        {"0.5", 500},
                                                        {"500ms", 500},
                                                        {"30s", 30'000},
                                                        {"5m", 300'000},
                                                        {"5min", 300'000},
                                                        {"1.5h", 5'400'000},
                                                        {"1h30m", 5'400'000},
                                                        {"2d", 172'800'000},
                                                        {"1w", 604'800'000},
                                                        {"1m1s1ms", 61'001}};
  for (const auto& [text, expected] : cases) {
    const auto parsed = parse_duration(text);
    ASSERT_TRUE(parsed.ok()) << text;
    EXPECT_EQ(*parsed, milliseconds(expected)) << text;
  }
}

TEST(ParseDuration, RefusesTheRestWithAnExample) {
  for (const char* text : {"", " ", "s", "-1s", "+1s", "1 s", "1x", "1S", "1e3s", "inf", "nan", "0x10",
                           "1h30", "30 1h", "1..5s", "1h ", "99999999w", "9300000000s", ".5s"}) {
    const auto parsed = parse_duration(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::invalid_argument);
    EXPECT_NE(parsed.error().message.find(std::string("'") + text + "'"), std::string::npos);
    EXPECT_NE(parsed.error().hint.find("30s"), std::string::npos);
  }
}

TEST(ParseDuration, TheLongestStillFitsIntoNanoseconds) {
  const auto parsed = parse_duration("9199999999s");
  ASSERT_TRUE(parsed.ok());
  EXPECT_GT(std::chrono::nanoseconds(*parsed).count(), 0);
}

TEST(ParseSize, UnderstandsUnitsBy1024) {
  const std::pair<const char*, std::uint64_t> cases[] = {{"0", 0},
                                                         {"4096", 4096},
                                                         {"100B", 100},
                                                         {"64K", 65536},
                                                         {"64k", 65536},
                                                         {"64M", 64U << 20U},
                                                         {"64MiB", 64U << 20U},
                                                         {"3MB", 3U << 20U},
                                                         {"1.5G", 1536ULL << 20U},
                                                         {"2gib", 2ULL << 30U},
                                                         {"1T", 1ULL << 40U},
                                                         {"7P", 7ULL << 50U}};
  for (const auto& [text, expected] : cases) {
    const auto parsed = parse_size(text);
    ASSERT_TRUE(parsed.ok()) << text;
    EXPECT_EQ(*parsed, expected) << text;
  }
}

TEST(ParseSize, RefusesTheRestWithAnExample) {
  for (const char* text :
       {"", "M", "-1M", "1 M", "1X", "1Mi", "1iB", "1M1K", "1e6", "9000P", "99999999999999999999"}) {
    const auto parsed = parse_size(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::invalid_argument);
    EXPECT_NE(parsed.error().hint.find("512M"), std::string::npos);
  }
}

}  // namespace
}  // namespace errand
