// SPDX-License-Identifier: Apache-2.0
#include "engine/scheduler/chosen_nodes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace errand::engine::scheduler {
namespace {

using Options = std::map<std::string, std::string>;
using ::testing::HasSubstr;

TEST(ChosenNodes, AllOthersAreExcluded) {
  Options options{{"nodes", "n2, N3"}, {"time", "10"}};
  ASSERT_TRUE(keep_to_nodes(options, "n1\nn2\nn2\nn3\nn4\n").ok());
  EXPECT_EQ(options, (Options{{"exclude", "n1,n4"}, {"time", "10"}}));
}

TEST(ChosenNodes, WhatIsExcludedAlreadyStaysSo) {
  Options options{{"nodes", "n1,n2"}, {"exclude", "n2"}};
  ASSERT_TRUE(keep_to_nodes(options, "n1 n2 n3").ok());
  EXPECT_EQ(options["exclude"], "n2,n3");
}

TEST(ChosenNodes, AllOrNoneOfThemMeansAll) {
  Options options{{"nodes", "n1,n2"}};
  ASSERT_TRUE(keep_to_nodes(options, "n1 n2").ok());
  EXPECT_TRUE(options.empty());
  options = {{"nodes", " , "}};
  ASSERT_TRUE(keep_to_nodes(options, "n1 n2").ok());
  EXPECT_TRUE(options.empty());
}

TEST(ChosenNodes, ANodeThatThereIsNotIsAnErrorThatNamesThoseThereAre) {
  Options options{{"nodes", "n1,compute7"}};
  auto kept = keep_to_nodes(options, "n1 n2");
  ASSERT_FALSE(kept.ok());
  EXPECT_THAT(kept.error().message, HasSubstr("compute7"));
  EXPECT_THAT(kept.error().hint, HasSubstr("n1,n2"));
}

}  // namespace
}  // namespace errand::engine::scheduler
