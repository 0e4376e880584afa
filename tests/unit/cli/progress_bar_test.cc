// SPDX-License-Identifier: Apache-2.0
#include "cli/progress_bar.h"

#include <gtest/gtest.h>

#include "cli/visible_text.h"

namespace errand::cli {
namespace {

using std::chrono::seconds;

StatusReport running() {
  return {JobStatus::running, "running: 2 workers", {36, 1, 2, 61, 100}};
}

TEST(StatusLine, SaysAllOfIt) {
  EXPECT_EQ(status_line(running(), false), "running: 37 of 100 done, 2 running (1 failed) - 2 workers");
}

TEST(StatusLine, DoesNotRepeatTheWord) {
  EXPECT_EQ(status_line({JobStatus::finished, "finished", {3, 0, 0, 0, 3}}, false), "finished: 3 of 3 done");
  EXPECT_EQ(status_line({JobStatus::queued, "queued: waiting for a free core", {0, 0, 0, 3, 3}}, false),
            "queued: 0 of 3 done - waiting for a free core");
}

TEST(StatusLine, DoesNotRepeatTheCounts) {
  StatusReport report{JobStatus::running, "2 of 4 done, 1 failed, 1 running", {1, 1, 1, 1, 4}};
  EXPECT_EQ(status_line(report, false), "running: 2 of 4 done, 1 running (1 failed)");
  report.reason += "; a worker has just ended";
  EXPECT_EQ(status_line(report, false),
            "running: 2 of 4 done, 1 running (1 failed) - a worker has just ended");
}

TEST(StatusLine, AnEntireSuccessNeedsNoReason) {
  EXPECT_EQ(status_line({JobStatus::finished, "3 tasks", {3, 0, 0, 0, 3}}, false), "finished: 3 of 3 done");
  EXPECT_EQ(status_line({JobStatus::finished, "3 tasks, 1 failed; first: task 1", {2, 1, 0, 0, 3}}, false),
            "finished: 3 of 3 done (1 failed) - first: task 1");
}

TEST(StatusLine, MissingHasNoProgress) {
  EXPECT_EQ(status_line({JobStatus::missing, "job rxJob_x is missing: deleted 2 hours ago", {}}, false),
            "missing - deleted 2 hours ago");
}

TEST(StatusLine, ReasonsCannotReachTheTerminal) {
  EXPECT_EQ(status_line({JobStatus::failed, "task 1: \x1b[2J", {0, 1, 0, 0, 1}}, false),
            "failed: 1 of 1 done (1 failed) - task 1: ^[[2J");
}

TEST(ProgressBar, ShowsBarShareAndTime) {
  EXPECT_EQ(progress_bar(running(), seconds(72), {true, 80, false}),
            "running [#######............]  37 %  37 of 100 done, 2 running (1 failed)  1:12");
}

TEST(ProgressBar, NeverWrapsAtAnyWidth) {
  for (std::size_t width = 2; width < 200; ++width) {
    EXPECT_LT(code_points(progress_bar(running(), seconds(72), {true, width, false})), width);
  }
}

TEST(ProgressBar, IsNotFullBeforeTheLastTask) {
  StatusReport almost{JobStatus::running, "running", {9'999'999, 0, 1, 0, 10'000'000}};
  std::string bar = progress_bar(almost, seconds(1), {true, 120, false});
  EXPECT_NE(bar.find(" 99 %"), std::string::npos);
  EXPECT_NE(bar.find(".]"), std::string::npos);
}

TEST(ProgressBar, WithoutTasksThereIsOnlyTheTime) {
  std::string bar = progress_bar({JobStatus::queued, "queued", {}}, seconds(1), {true, 80, false});
  EXPECT_EQ(bar.find('%'), std::string::npos);
  EXPECT_NE(bar.find("0:01"), std::string::npos);
}

}  // namespace
}  // namespace errand::cli
