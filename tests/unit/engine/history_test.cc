// SPDX-License-Identifier: Apache-2.0
#include "engine/scheduler/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "engine/slurm/slurm.h"

namespace errand::engine::scheduler {
namespace {

using ::testing::HasSubstr;

/// An accounting of which only the answers are real.
class SchedulerHistory : public ::testing::Test {
 protected:
  SchedulerHistory() : path_(::getenv("PATH") == nullptr ? "" : ::getenv("PATH")) {
    std::string pattern = (std::filesystem::temp_directory_path() / "errand-history-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    ::setenv("XDG_STATE_HOME", (root_ + "/state").c_str(), 1);
    ::setenv("PATH", (root_ + ":" + path_).c_str(), 1);
  }
  ~SchedulerHistory() override {
    ::setenv("PATH", path_.c_str(), 1);
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

  void sacct_prints(const std::string& text, int exit_code) const {
    std::ofstream(root_ + "/sacct") << "#!/bin/sh\necho asked >>" << root_ << "/calls\nprintf '%s' '" << text
                                    << "'\nexit " << exit_code << "\n";
    std::filesystem::permissions(root_ + "/sacct", std::filesystem::perms::owner_all);
  }
  [[nodiscard]] std::size_t calls() const {
    std::ifstream file(root_ + "/calls");
    return static_cast<std::size_t>(
        std::count(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>(), '\n'));
  }
  [[nodiscard]] static std::optional<History> ask(const std::vector<std::string>& names) {
    return ask_history(slurm::slurm_dialect(), "test.history", names, "ada");
  }

 private:
  std::string root_;
  std::string path_;
};

TEST_F(SchedulerHistory, OneQuestionIsPutOnceHoweverOftenItIsAsked) {
  sacct_prints("12_0|TIMEOUT|1795269568|rxJob_a-1\n", 0);
  auto first = ask({"rxJob_a-1"});
  auto second = ask({"rxJob_a-1"});
  ASSERT_TRUE(first && second);
  EXPECT_EQ(calls(), 1U);
  ASSERT_EQ(second->entries.size(), 1U);
  EXPECT_THAT(second->entries[0].reason, HasSubstr("time limit"));
  EXPECT_EQ(first->asked_since_ns, second->asked_since_ns);
}

TEST_F(SchedulerHistory, AnotherQuestionIsAnotherAnswer) {
  sacct_prints("12_0|TIMEOUT|1795269568|rxJob_a-1\n", 0);
  ASSERT_TRUE(ask({"rxJob_a-1"}));
  sacct_prints("13_0|FAILED|1795269568|rxJob_b-1\n", 0);
  auto other = ask({"rxJob_b-1"});
  ASSERT_TRUE(other);
  EXPECT_EQ(calls(), 2U);
  ASSERT_EQ(other->entries.size(), 1U);
  EXPECT_EQ(other->entries[0].name, "rxJob_b-1");
}

TEST_F(SchedulerHistory, AFailureIsAnAnswerThatSaysNothing) {
  sacct_prints("Slurm accounting storage is disabled", 1);
  auto first = ask({"rxJob_a-1"});
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->entries.empty());
  auto second = ask({"rxJob_a-1"});
  ASSERT_TRUE(second);
  EXPECT_EQ(second->asked_since_ns, first->asked_since_ns) << "it is not forgotten how long that goes on";
  EXPECT_EQ(calls(), 1U);
}

}  // namespace
}  // namespace errand::engine::scheduler
