// SPDX-License-Identifier: Apache-2.0
#include "client/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/client/scoped_variable.h"

namespace errand::client {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> captured(const std::vector<std::string>& here, std::vector<std::string> asked = {}) {
  ComputeContext context;
  context.environment = std::move(asked);
  auto recorded = capture_environment(context, here);
  EXPECT_TRUE(recorded.ok());
  return recorded.value_or({"(error)"});
}

TEST(CaptureEnvironment, RecordsTheWholeStandardList) {
  const std::vector<std::string> standard{"CONDA_PREFIX=/c",
                                          "HOME=/h",
                                          "LANG=de",
                                          "LC_ALL=C",
                                          "LC_TIME=C",
                                          "LD_LIBRARY_PATH=/l",
                                          "LOADEDMODULES=m",
                                          "MKL_NUM_THREADS=1",
                                          "MODULEPATH=/m",
                                          "OMP_NUM_THREADS=1",
                                          "OPENBLAS_NUM_THREADS=1",
                                          "PATH=/bin",
                                          "PYTHONPATH=/p",
                                          "R_LIBS=/r",
                                          "R_LIBS_USER=/u",
                                          "SHELL=/bin/sh",
                                          "TMPDIR=/t",
                                          "TZ=UTC",
                                          "USER=u",
                                          "VIRTUAL_ENV=/v"};
  EXPECT_EQ(captured(standard), standard);
}

TEST(CaptureEnvironment, LeavesEverythingElse) {
  EXPECT_THAT(captured({"SECRET_TOKEN=x", "SLURM_JOB_ID=1", "HOMER=1", "XLC_ALL=1", "PATHS=1", "LC=1",
                        "ERRAND_JOB=x", "PATH=/bin", "nonsense"}),
              ElementsAre("PATH=/bin"));
}

TEST(CaptureEnvironment, AddsWhatTheContextNames) {
  EXPECT_THAT(captured({"ZED=1", "PATH=/bin", "ALPHA=a=b"}, {"ZED", "ALPHA", "NEW=x=y", "EMPTY="}),
              ElementsAre("ALPHA=a=b", "EMPTY=", "NEW=x=y", "PATH=/bin", "ZED=1"));
}

TEST(CaptureEnvironment, RefusesAPasswordThatWouldLieInTheDatabase) {
  ComputeContext context;
  context.environment = {"PGPASSWORD"};
  EXPECT_TRUE(capture_environment(context, std::vector<std::string>{"PGPASSWORD=hunter2"}).ok())
      << "here it is his own";
  context.share_dir = "postgresql://u@h/d";
  const auto refused = capture_environment(context, std::vector<std::string>{"PGPASSWORD=hunter2"});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(refused.error().hint, HasSubstr("PGPASSFILE"));
}

TEST(CaptureEnvironment, RecordsTheDatabaseOfTheJobWithoutItsPassword) {
  ComputeContext context;
  context.share_dir = "postgresql://ada:hunter2@db:5433/air?sslmode=require";
  auto recorded = capture_environment(context, {});
  ASSERT_TRUE(recorded.ok());
  EXPECT_THAT(*recorded, ElementsAre("ERRAND_IN_DATABASE=postgresql://ada@db:5433/air"));
}

TEST(CaptureEnvironment, TheContextWinsOverTheStandardList) {
  EXPECT_THAT(captured({"PATH=/bin"}, {"PATH=/opt/bin"}), ElementsAre("PATH=/opt/bin"));
}

TEST(CaptureEnvironment, WhatIsNotSetHereIsNotSetThere) {
  EXPECT_THAT(captured({}, {"NOT_SET"}), ElementsAre());
}

TEST(CaptureEnvironment, TheLastOfTwoSettingsOfTheContextWins) {
  EXPECT_THAT(captured({}, {"A=1", "A=2"}), ElementsAre("A=2"));
}

TEST(CaptureEnvironment, TheFirstOfTwoInheritedOnesWinsAsInGetenv) {
  EXPECT_THAT(captured({"TZ=1", "TZ=2"}), ElementsAre("TZ=1"));
}

TEST(CaptureEnvironment, RefusesMalformedNames) {
  for (const std::string& entry : {std::string(), std::string("=x"), std::string("1A=x"), std::string("A B"),
                                   std::string("A-B=1"), std::string("A\n=1"), std::string("\xc3\xa4=1"),
                                   std::string("A=x\0y", 5), std::string("ERRAND_TASK=3")}) {
    ComputeContext context;
    context.environment = {"GOOD=1", entry};
    const auto recorded = capture_environment(context, {});
    ASSERT_FALSE(recorded.ok()) << entry;
    EXPECT_EQ(recorded.error().code, ErrorCode::invalid_argument);
  }
}

TEST(CaptureEnvironment, AnErrorDoesNotShowTheValue) {
  const auto checked = check_environment_entry("BAD NAME=secret");
  ASSERT_FALSE(checked.ok());
  EXPECT_THAT(checked.error().message, HasSubstr("'BAD NAME'"));
  EXPECT_THAT(checked.error().message, Not(HasSubstr("secret")));
}

TEST(CaptureEnvironment, ReadsThisProcess) {
  const ScopedVariable zone("TZ", "Europe/Vienna");
  const ScopedVariable token("SECRET_TOKEN", "x");
  const auto recorded = capture_environment(ComputeContext());
  ASSERT_TRUE(recorded.ok());
  EXPECT_THAT(*recorded, Contains("TZ=Europe/Vienna"));
  EXPECT_THAT(*recorded, Not(Contains(HasSubstr("SECRET_TOKEN"))));
}

}  // namespace
}  // namespace errand::client
