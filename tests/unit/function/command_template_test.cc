// SPDX-License-Identifier: Apache-2.0
#include "function/command_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace errand::functions {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(CommandTemplate, PutsTheTasksValuesIn) {
  auto command =
      CommandTemplate::parse({"./simulate", "--seed={seed}", "{index}", "out-{job}-{index}.txt", ""});
  ASSERT_TRUE(command) << command.error().message;
  EXPECT_THAT(command->expand({7, 99, "rxJob_x"}),
              ElementsAre("./simulate", "--seed=99", "7", "out-rxJob_x-7.txt", ""));
}

TEST(CommandTemplate, DoubledBracesAreBraces) {
  auto command = CommandTemplate::parse({"awk", "{{print {index}}}", "{{{{", "}}"});
  ASSERT_TRUE(command) << command.error().message;
  EXPECT_THAT(command->expand({1, 2, "j"}), ElementsAre("awk", "{print 1}", "{{", "}"));
}

TEST(CommandTemplate, AnUnknownNameIsNamed) {
  auto command = CommandTemplate::parse({"prog", "x{task}"});
  ASSERT_FALSE(command);
  EXPECT_EQ(command.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(command.error().message, HasSubstr("{task}"));
  EXPECT_THAT(command.error().hint, HasSubstr("{{"));
}

TEST(CommandTemplate, ALoneBraceIsRefused) {
  for (const char* word : {"{", "}", "a{b", "a}b", "{index", "{}"}) {
    EXPECT_FALSE(CommandTemplate::parse({"prog", word})) << word;
  }
}

TEST(CommandTemplate, ThereMustBeAProgram) {
  EXPECT_FALSE(CommandTemplate::parse({}));
  EXPECT_FALSE(CommandTemplate::parse({"", "x"}));
}

}  // namespace
}  // namespace errand::functions
