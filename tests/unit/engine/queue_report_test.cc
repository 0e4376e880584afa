// SPDX-License-Identifier: Apache-2.0
#include "engine/scheduler/queue_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/scheduler/array_plan.h"
#include "engine/scheduler/command.h"

namespace errand::engine::scheduler {
namespace {

using ::testing::HasSubstr;
using Search = status::EngineReport::Search;

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t reported_at = 1'000'000 * second_ns;

class QueueReport : public ::testing::Test {
 protected:
  QueueReport() {
    share::SubmissionRecord record;
    record.name = "rxJob_a-1";
    record.elements = 4;
    record.tasks = {{0, 10}};
    record.time_ns = reported_at - 100 * second_ns;
    share::Acceptance acceptance;
    acceptance.id = "12";
    acceptance.time_ns = reported_at - 99 * second_ns;
    submissions.push_back({record, acceptance});
    queue.asked_ns = reported_at - 3 * second_ns;
  }

  QueueEntry& shows(std::uint32_t first, std::uint32_t last, ElementState state) {
    QueueEntry entry;
    entry.id = "12";
    entry.name = "rxJob_a-1";
    entry.elements = {{first, last}};
    entry.state = state;
    entry.reason = "as it says";
    queue.entries.push_back(entry);
    return queue.entries.back();
  }
  [[nodiscard]] status::EngineReport report() const {
    return report_on(submissions, looks, queue, reported_at, 10 * second_ns, "slurm");
  }

  std::vector<SubmittedArray> submissions;
  ChunkLooks looks;
  QueueSnapshot queue;
};

TEST_F(QueueReport, CountsElementsByTheirStates) {
  shows(0, 1, ElementState::alive);
  shows(1, 4, ElementState::waiting);
  auto said = report();
  EXPECT_EQ(said.alive, 1U);
  EXPECT_EQ(said.waiting, 3U);
  EXPECT_TRUE(said.started);
  EXPECT_EQ(said.search, Search::not_asked);
  EXPECT_EQ(said.reason, "as it says");
  EXPECT_EQ(said.asked, "slurm was asked 3 s ago");
}

TEST_F(QueueReport, WhatHasAllItsOutcomesIsOverWhateverTheQueueSays) {
  shows(0, 4, ElementState::alive);
  looks[0] = {3, 0, true};  // the first two elements have three tasks, the others two
  looks[1] = {2, 0, true};
  looks[2] = {2, 0, true};
  looks[3] = {2, 1, true};  // recorded all, and its worker still lives
  auto said = report();
  EXPECT_EQ(said.gone, 2U);
  EXPECT_EQ(said.alive, 2U);
}

TEST_F(QueueReport, BlockedElementsSaySo) {
  shows(0, 4, ElementState::waiting).blocked = true;
  EXPECT_THAT(report().blocked, HasSubstr("as it says"));
}

TEST_F(QueueReport, WhatTheQueueDoesNotShowIsForgotten) {
  EXPECT_EQ(report().forgotten, 4U);
}

TEST_F(QueueReport, WhatStillBeatsIsAliveThoughForgotten) {
  looks[2].alive = 1;
  EXPECT_EQ(report().alive, 1U);
  EXPECT_EQ(report().forgotten, 3U);
}

TEST_F(QueueReport, AnAnswerOlderThanTheSubmissionForgetsNothing) {
  submissions[0].acceptance->time_ns = reported_at - second_ns;
  EXPECT_EQ(report().waiting, 4U);
  EXPECT_EQ(report().forgotten, 0U);
}

TEST_F(QueueReport, SomebodyElsesJobOfTheSameIdIsNotOurs) {
  shows(0, 4, ElementState::alive).name = "rxJob_b-1";
  EXPECT_EQ(report().alive, 0U);
  EXPECT_EQ(report().forgotten, 4U);
}

TEST_F(QueueReport, AnUnknownWordNeitherEndsNorKeepsAJob) {
  shows(0, 4, ElementState::unknown);
  auto said = report();
  EXPECT_EQ(said.gone + said.alive + said.waiting, 0U);
  EXPECT_EQ(said.forgotten, 4U);
}

TEST_F(QueueReport, SilenceSaysWhy) {
  queue.silent = true;
  queue.problem = "connect failure";
  auto said = report();
  EXPECT_TRUE(said.silent);
  EXPECT_EQ(said.gone + said.forgotten, 0U);
  EXPECT_THAT(said.reason, HasSubstr("connect failure"));
}

TEST_F(QueueReport, WithoutAnIdTheNameDecides) {
  submissions[0].acceptance.reset();
  EXPECT_EQ(report().search, Search::not_there);
  shows(0, 4, ElementState::waiting);
  EXPECT_EQ(report().search, Search::found);
  queue.entries.clear();
  queue.silent = true;
  EXPECT_EQ(report().search, Search::silent);
}

TEST_F(QueueReport, ASubmissionThatTimedOutIsFoundByItsName) {
  submissions[0].acceptance->id.clear();
  submissions[0].acceptance->problem = "sbatch did not answer";
  submissions[0].acceptance->doubtful = true;
  shows(0, 4, ElementState::alive);
  EXPECT_EQ(report().alive, 4U);
  queue.entries.clear();
  EXPECT_EQ(report().gone, 4U);
  EXPECT_THAT(report().reason, HasSubstr("sbatch did not answer"));
  submissions[0].acceptance->time_ns = reported_at;
  EXPECT_EQ(report().gone, 0U) << "asked too early to know";
  EXPECT_EQ(report().waiting, 4U);
}

TEST_F(QueueReport, EarlierSubmissionsCountOnlyWhileTheyLive) {
  share::SubmissionRecord again = submissions[0].record;
  again.name = "rxJob_a-2";
  again.first_chunk = 4;
  again.elements = 1;
  share::Acceptance accepted = *submissions[0].acceptance;
  submissions.push_back({again, accepted});
  shows(0, 2, ElementState::ended);
  shows(2, 3, ElementState::alive);
  shows(0, 1, ElementState::waiting).name = "rxJob_a-2";
  auto said = report();
  EXPECT_EQ(said.gone, 0U);
  EXPECT_EQ(said.forgotten, 0U);
  EXPECT_EQ(said.alive, 1U);
  EXPECT_EQ(said.waiting, 1U);
}

TEST_F(QueueReport, TheHistorySaysHowItEndedAndTheLastRunCounts) {
  QueueEntry run;
  run.name = "rxJob_a-1";
  run.state = ElementState::ended;
  run.elements = {{1, 4}};
  run.reason = "put back";
  run.ended_s = reported_at / second_ns - 60;
  queue.past = {run, run};
  queue.past.back().reason = "its time limit was reached";
  shows(0, 2, ElementState::alive);
  auto said = report();
  EXPECT_EQ(said.alive, 2U) << "the queue goes before what was";
  EXPECT_EQ(said.gone, 2U);
  EXPECT_THAT(said.reason, HasSubstr("time limit"));
}

TEST_F(QueueReport, WhatLeftTheQueueWithoutARecordIsGoneWhenTheRecordsHadTimeToShow) {
  shows(0, 2, ElementState::alive);
  queue.history_delay_ns = 30 * second_ns;
  queue.missed_ns["rxJob_a-1"] = reported_at - 35 * second_ns;
  EXPECT_EQ(report().ended_recently, 2U) << "files of other hosts take 10 s more";
  EXPECT_EQ(report().forgotten, 0U);
  queue.missed_ns["rxJob_a-1"] = reported_at - 41 * second_ns;
  EXPECT_EQ(report().gone, 2U);
  EXPECT_THAT(report().reason, HasSubstr("deleted before it began"));
  looks[2].alive = 1;
  EXPECT_EQ(report().gone, 1U) << "the other one beats";
}

TEST_F(QueueReport, AnEndIsGoneWhenItsFilesHadTimeToShow) {
  shows(0, 4, ElementState::ended).ended_s = reported_at / second_ns - 5;
  EXPECT_EQ(report().ended_recently, 4U);
  queue.entries[0].ended_s -= 10;
  EXPECT_EQ(report().gone, 4U);
}

TEST(ArrayPlans, AsManyElementsAsChunksWithinTheLimits) {
  share::Manifest manifest;
  SiteLimits limits;
  limits.array_elements = 1000;
  auto elements = [&](std::uint64_t tasks) { return plan_array(manifest, tasks, limits)->elements; };
  EXPECT_EQ(elements(7), 7U);
  EXPECT_EQ(elements(10'000'000), default_elements);
  manifest.chunk_size = 10;
  EXPECT_EQ(elements(95), 10U);
  EXPECT_EQ(elements(10'000'000), 1000U);
  manifest.context.cores = 8;
  EXPECT_EQ(elements(10'000), 8U);
  manifest.context.engine_options["workers"] = "4";
  EXPECT_EQ(elements(10'000), 2U);
  manifest.context.engine_options["elements"] = "3";
  EXPECT_EQ(elements(10'000), 3U);
  manifest.context.engine_options["elements"] = "none";
  EXPECT_FALSE(plan_array(manifest, 1, limits).ok());
  manifest.growing = true;
  manifest.context.engine_options.clear();
  EXPECT_EQ(elements(0), 1U);
}

TEST(ShellQuoting, GivesTheWordBack) {
  for (const std::string& word : {std::string("plain-1.2/x"), std::string(""), std::string("a b"),
                                  std::string("it's"), std::string("$(x) `y` \"z\" \\ \n *")}) {
    auto answer =
        run({{"/bin/sh", "-c", "printf %s " + shell_quoted(word)}, "", {}, {}}, std::chrono::seconds(30));
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer->out, word);
  }
}

TEST(SchedulerCommand, GivesOutputAndExitCodeInTheCLocale) {
  auto answer =
      run({{"/bin/sh", "-c", "cat; echo $LC_ALL $OWN $GONE >&2; exit 3"}, "in", {"OWN=1"}, {"GONE"}},
          std::chrono::seconds(30));
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->out, "in");
  EXPECT_EQ(answer->err, "C 1\n");
  EXPECT_EQ(answer->exit_code, 3);
}

TEST(SchedulerCommand, WhatDoesNotAnswerIsKilled) {
  auto answer = run({{"/bin/sh", "-c", "exec sleep 600"}, "", {}, {}}, std::chrono::milliseconds(50));
  ASSERT_FALSE(answer.ok());
  EXPECT_TRUE(answer.error().transient);
  auto absent = run({{"no-such-scheduler"}, "", {}, {}}, std::chrono::seconds(1));
  EXPECT_EQ(absent.error().code, ErrorCode::engine_unavailable);
}

TEST(SchedulerCommand, ExcerptsAreOnePrintableLine) {
  EXPECT_EQ(excerpt(" a\n\tb\x1b[31m \xff"), "a b [31m ?");
  EXPECT_LT(excerpt(std::string(10'000, 'x')).size(), 400U);
}

}  // namespace
}  // namespace errand::engine::scheduler
