// SPDX-License-Identifier: Apache-2.0
#include "errand/doctor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "client/findings.h"
#include "client/open_place.h"
#include "unit/client/scratch_directory.h"

namespace errand::client {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Doctor : public ::testing::Test {
 protected:
  std::vector<Finding> examined(const std::string& place) {
    ComputeContext context = LocalParallel();
    context.share_dir = place;
    return examine(context);
  }
  /// What it says of a subject, hints included.
  static std::string about(const std::vector<Finding>& findings, const std::string& subject) {
    std::string text;
    for (const Finding& finding : findings) {
      if (finding.subject != subject) continue;
      text += std::string(to_string(finding.verdict)) + ": " + finding.message + " | " + finding.hint + "\n";
    }
    return text;
  }
  ScratchDirectory scratch;
};

TEST_F(Doctor, APlaceThatCanBeMadeIsFineAndIsNotMade) {
  const std::string place = scratch.path() + "/not/yet";
  const auto findings = examined(place);
  EXPECT_FALSE(anything_wrong(findings)) << about(findings, "place");
  EXPECT_THAT(about(findings, "place"), HasSubstr("is not there yet"));
  EXPECT_FALSE(std::filesystem::exists(scratch.path() + "/not"));
}

TEST_F(Doctor, APlaceThatCannotBeMadeIsWrong) {
  const auto findings = examined("/dev/null/place");
  EXPECT_TRUE(anything_wrong(findings));
  EXPECT_THAT(about(findings, "place"), HasSubstr("wrong: "));
  EXPECT_THAT(about(findings, "place"), HasSubstr("--share-dir"));
}

TEST_F(Doctor, AnExistingPlaceIsTriedAndLeftAsItWas) {
  const std::string path = scratch.path() + "/place";
  ASSERT_TRUE(open_place(path, true));
  const auto findings = examined(path);
  EXPECT_FALSE(anything_wrong(findings)) << about(findings, "place");
  EXPECT_THAT(about(findings, "place"), HasSubstr("can be written"));
  EXPECT_THAT(about(findings, "agent"), HasSubstr("none is up"));
  EXPECT_TRUE(std::filesystem::is_empty(path + "/staging"));
}

TEST_F(Doctor, AMarkerThatCannotBeReadIsWrong) {
  const std::string path = scratch.path() + "/broken";
  std::filesystem::create_directories(path + "/jobs");
  std::ofstream(path + "/errand-share") << "nonsense";
  EXPECT_TRUE(anything_wrong(examined(path)));
}

TEST_F(Doctor, AClusterWithoutItsCommandsIsWrong) {
  ComputeContext context = LsfContext();
  context.share_dir = scratch.path() + "/place";
  const auto findings = examine(context);
  if (about(findings, "clusters").find("wrong") == std::string::npos) GTEST_SKIP() << "this machine has LSF";
  EXPECT_TRUE(anything_wrong(findings));
  EXPECT_THAT(about(findings, "clusters"), HasSubstr("bsub"));
}

TEST_F(Doctor, WhatThereIsOneOfIsSingular) {
  EXPECT_EQ(counted(0, "process", "processes"), "0 processes");
  EXPECT_EQ(counted(1, "process", "processes"), "1 process");
  EXPECT_EQ(counted(2, "process", "processes"), "2 processes");
  EXPECT_EQ(counted(1, "file"), "1 file");
  EXPECT_EQ(counted(512, "file"), "512 files");
}

TEST_F(Doctor, AServerThatIsNotThereIsWrongAndNamesNoPassword) {
  auto context = InDatabase("postgresql://ada:secret-word@127.0.0.1:1/errand");
  ASSERT_TRUE(context);
  const auto findings = examine(*context);
  EXPECT_TRUE(anything_wrong(findings));
  EXPECT_THAT(about(findings, "server"), Not(HasSubstr("secret-word")));
}

}  // namespace
}  // namespace errand::client
