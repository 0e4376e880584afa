// SPDX-License-Identifier: Apache-2.0
#include "cli/command_words.h"

#include <gtest/gtest.h>

namespace errand::cli {
namespace {

TEST(CommandWords, CallsBecomeVerbs) {
  EXPECT_EQ(in_command_words("wait_for_job waits; get_partial_results gives what there is"),
            "errand wait waits; errand results --partial gives what there is");
  EXPECT_EQ(in_command_words("retry_job (errand retry) runs them again."), "errand retry runs them again.");
  EXPECT_EQ(in_command_words("get_jobs"), "errand jobs");
}

TEST(CommandWords, OptionsToo) {
  EXPECT_EQ(in_command_words("get the results with auto_cleanup, or use force to remove it unread"),
            "print the results with --cleanup, or use --force to remove it unread");
}

TEST(CommandWords, PartsOfOtherNamesStay) {
  EXPECT_EQ(in_command_words("my_retry_job and retry_jobs"), "my_retry_job and retry_jobs");
}

TEST(CommandWords, MessagesMayQuoteATaskAndStay) {
  Error error = in_command_words(Error{ErrorCode::job_failed, "task 1: retry_job", false, "retry_job"});
  EXPECT_EQ(error.message, "task 1: retry_job");
  EXPECT_EQ(error.hint, "errand retry");
}

}  // namespace
}  // namespace errand::cli
