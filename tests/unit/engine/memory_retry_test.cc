// SPDX-License-Identifier: Apache-2.0
#include "engine/scheduler/memory_retry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace errand::engine::scheduler {
namespace {

using Options = std::map<std::string, std::string>;
using ::testing::HasSubstr;

std::string memory_of(Options options, std::uint32_t step, const std::string& name = "memory") {
  auto raised = raise_memory(options, step);
  return raised ? options[name] : raised.error().message;
}

TEST(MemoryRetry, AFactorMultipliesWithEveryStep) {
  const Options options{{"memory", "4G"}, {"memory_retry", "2"}};
  EXPECT_EQ(memory_of(options, 0), "4G");
  EXPECT_EQ(memory_of(options, 1), "8G");
  EXPECT_EQ(memory_of(options, 2), "16G");
}

TEST(MemoryRetry, WhatIsNoWholeNumberBecomesOneOfASmallerUnit) {
  EXPECT_EQ(memory_of({{"memory", "1G"}, {"memory_retry", "1.5"}}, 1), "1536M");
  EXPECT_EQ(memory_of({{"memory", "500"}, {"memory_retry", "1.5"}}, 1), "750");
  EXPECT_EQ(memory_of({{"memory_per_cpu", "3GB"}, {"memory_retry", "1.5"}}, 1, "memory_per_cpu"), "4608MB");
}

TEST(MemoryRetry, AListSaysEachStep) {
  const Options options{{"memory", "4G"}, {"memory_retry", "8G,64G"}};
  EXPECT_EQ(memory_of(options, 0), "4G");
  EXPECT_EQ(memory_of(options, 1), "8G");
  EXPECT_EQ(memory_of(options, 2), "64G");
  EXPECT_EQ(memory_of(options, 7), "64G");
  EXPECT_EQ(memory_of({{"memory_retry", "8G"}}, 1), "8G") << "one size is a list, too";
}

TEST(MemoryRetry, WhatCannotBeMeantIsRefused) {
  for (const char* wish : {"more", "0", "1", "-2", "8G,much", "8G,", "2 4"}) {
    EXPECT_THAT(memory_of({{"memory", "4G"}, {"memory_retry", wish}}, 0), HasSubstr("memory_retry")) << wish;
  }
  EXPECT_THAT(memory_of({{"memory_retry", "2"}}, 0), HasSubstr("no size"));
  EXPECT_THAT(memory_of({{"memory", "$X"}, {"memory_retry", "2"}}, 0), HasSubstr("no size"));
}

TEST(MemoryRetry, WithoutItNothingChanges) {
  Options options{{"memory", "4G"}, {"time", "10"}};
  ASSERT_TRUE(raise_memory(options, 3).ok());
  EXPECT_EQ(options, (Options{{"memory", "4G"}, {"time", "10"}}));
}

}  // namespace
}  // namespace errand::engine::scheduler
