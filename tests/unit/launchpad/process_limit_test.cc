// SPDX-License-Identifier: Apache-2.0
#include "launchpad/process_limit.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace errand::launchpad {
namespace {

class GroupProcessLimit : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    root_ = testing::TempDir() + "errand-groups-" + test->name();
    std::filesystem::remove_all(root_);
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  void allow(const std::string& group, const std::string& limit) const {
    std::filesystem::create_directories(root_ + group);
    std::ofstream(root_ + group + "/pids.max") << limit << "\n";
  }

  std::string root_;
};

TEST_F(GroupProcessLimit, IsTheTightestOfTheGroupsAbove) {
  allow("/system.slice", "max");
  allow("/system.slice/errand-launchpad.service", "4096");
  EXPECT_EQ(group_process_limit("0::/system.slice/errand-launchpad.service\n", root_), 4096u);
  allow("/system.slice", "1000");
  EXPECT_EQ(group_process_limit("0::/system.slice/errand-launchpad.service\n", root_), 1000u);
}

TEST_F(GroupProcessLimit, IsFoundInAHierarchyOfItsOwn) {
  allow("/pids/docker/abc", "500");
  EXPECT_EQ(group_process_limit("9:memory:/docker/abc\n8:pids:/docker/abc\n0::/\n", root_), 500u);
}

TEST_F(GroupProcessLimit, IsNoneWhereNobodySaysSo) {
  allow("/user.slice", "max");
  EXPECT_EQ(group_process_limit("0::/user.slice\n", root_), 0u);
  EXPECT_EQ(group_process_limit("", root_), 0u);
  EXPECT_EQ(group_process_limit("no line of that kind", root_), 0u);
}

TEST(ProcessShare, LeavesSomethingForWhoEndsThem) {
  for (std::size_t identities : {1, 2, 4, 16}) {
    const auto share = process_share(4096, identities);
    EXPECT_GT(share, 0u);
    EXPECT_LT(share * identities, 4096u - 256u) << identities;
  }
  EXPECT_EQ(process_share(0, 4), 0u) << "no limit is none";
  EXPECT_EQ(process_share(2, 4), 1u);
}

}  // namespace
}  // namespace errand::launchpad
