// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "client/console_text.h"
#include "client/follow_output.h"
#include "client/neutralize.h"
#include "client_fixture.h"

namespace errand::client {
namespace {

class OutputTest : public ClientTest {};

TEST(ConsoleMapTest, GapsBelongToTheTaskBefore) {
  ConsoleMap map({0, 1, 1});
  map.take(4, 0, 10, true);
  map.take(7, 15, 20, true);
  map.finish(22, std::nullopt);
  ASSERT_EQ(map.pieces.size(), 4U);
  EXPECT_FALSE(map.pieces[0].late);
  EXPECT_TRUE(map.pieces[1].late);
  EXPECT_EQ(map.pieces[1].task, 4U);
  EXPECT_EQ(map.pieces[2].task, 7U);
  EXPECT_TRUE(map.pieces[3].late);
  EXPECT_EQ(map.pieces[3].end, 22U);
}

TEST(ConsoleMapTest, TheTailBelongsToTheTaskInHand) {
  ConsoleMap map({0, 1, 1});
  map.take(0, 0, 10, true);
  map.finish(30, 1);
  ASSERT_EQ(map.pieces.size(), 2U);
  EXPECT_EQ(map.pieces[1].task, 1U);
  EXPECT_FALSE(map.pieces[1].late);
}

TEST(ConsoleMapTest, SpansThatGoBackOrEndBeforeTheyBeginAreIgnored) {
  ConsoleMap map({0, 1, 1});
  map.take(0, 0, 10, true);
  map.take(1, 5, 12, true);
  map.take(2, 40, 20, true);
  map.finish(10, std::nullopt);
  EXPECT_EQ(map.pieces.size(), 1U);
}

TEST(NeutralizerTest, ControlSequencesBecomeVisible) {
  Neutralizer neutralizer;
  EXPECT_EQ(neutralizer.pass("a\x1b[31mred\x07\x7f\tb\n"), "a^[[31mred^G^?\tb\n");
  EXPECT_EQ(neutralizer.pass("line\r\n50%\r60%\n"), "line\n50%^M60%\n");
  EXPECT_EQ(neutralizer.pass("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
  EXPECT_EQ(neutralizer.pass("\xc2\x9b"
                             "31m"),
            "\\x9b31m");
  EXPECT_EQ(neutralizer.pass("\xe2\x82\xac"), "\xe2\x82\xac");
  EXPECT_EQ(neutralizer.pass("\x9b"), "\\x9b");
}

TEST(NeutralizerTest, WherePiecesAreCutMakesNoDifference) {
  const std::string text = "x\xc2\x9by\r\nz\rq\xe2\x82\xac\x1b[0m\xc2\xa0";
  Neutralizer whole;
  const std::string expected = whole.pass(text);
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Neutralizer parts;
    std::string got = parts.pass(text.substr(0, cut));
    got += parts.pass(text.substr(cut));
    EXPECT_EQ(got, expected) << cut;
  }
}

TEST_F(OutputTest, TextOfAllTasksInTaskOrder) {
  JobRef job = publish(3);
  Worker one = worker(job, 1);
  Worker two = worker(job, 2);
  console(job, one.key, "two\n");
  console(job, two.key, "zero\none\n");
  one.value(2, "", 0, journal::ConsoleSpan{0, 4});
  two.value(0, "", 0, journal::ConsoleSpan{0, 5});
  two.value(1, "", 0, journal::ConsoleSpan{5, 9});
  one.sync();
  two.sync();
  EXPECT_EQ(*get_job_output(job), "zero\none\ntwo\n");
  OutputOptions only;
  only.task = 1;
  std::string text;
  ASSERT_TRUE(get_job_output(
                  job, [&](std::string_view piece) { text += piece; }, only)
                  .ok());
  EXPECT_EQ(text, "one\n");
}

TEST_F(OutputTest, LateTextIsShownAsSuch) {
  JobRef job = publish(2);
  Worker one = worker(job);
  console(job, one.key, "zero\nghost\none\n");
  one.value(0, "", 0, journal::ConsoleSpan{0, 5});
  one.value(1, "", 0, journal::ConsoleSpan{11, 15});
  one.sync();
  EXPECT_EQ(*get_job_output(job), "zero\n[after task 0]\nghost\none\n");
}

TEST_F(OutputTest, OnlyTheAttemptThatCountsIsShown) {
  JobRef job = publish(1);
  Worker one = worker(job);
  console(job, one.key, "first\nsecond\n");
  one.value(0, "", 0, journal::ConsoleSpan{0, 6});
  one.value(0, "", 1, journal::ConsoleSpan{6, 13});
  one.sync();
  EXPECT_EQ(*get_job_output(job), "second\n");
}

TEST_F(OutputTest, ALongTextKeepsHeadAndTailAndStatesTheCut) {
  share::Manifest limited = manifest();
  limited.context.console_limit = 10;
  JobRef job = publish(limited, 1);
  Worker one = worker(job);
  console(job, one.key, "aaaaaXXXXXXXXXXbbbbb");
  one.value(0, "", 0, journal::ConsoleSpan{0, 20});
  one.sync();
  EXPECT_EQ(*get_job_output(job), "aaaaa\n[... 10 bytes cut ...]\nbbbbb");
}

TEST_F(OutputTest, ARunningTasksTextIsThere) {
  JobRef job = publish(2);
  Worker one = worker(job);
  ASSERT_TRUE(one.log->flush().ok());
  page(job, one.key, 0, 0, 1);
  console(job, one.key, "half a li");
  EXPECT_EQ(*get_job_output(job), "half a li");
}

TEST_F(OutputTest, FollowingGivesWholeLinesWithTheirTask) {
  JobRef job = publish(2);
  Worker one = worker(job);
  page(job, one.key, 0, 0, 0);
  console(job, one.key, "a\nb");
  auto opened = open(job);
  std::string text;
  const TextSink sink = [&](std::string_view piece) { text += piece; };
  OutputFollower follower(*opened, sink, std::nullopt);
  ASSERT_TRUE(one.log->flush().ok());
  const OutputFollower::Moment start;
  ASSERT_TRUE(follower.look(start, false).ok());
  EXPECT_EQ(text, "") << "an outcome may still claim it";
  ASSERT_TRUE(follower.look(start + OutputFollower::claim_patience, false).ok());
  EXPECT_EQ(text, "[0] a\n");
  console(job, one.key, "c\n\n");
  one.value(0, "", 0, journal::ConsoleSpan{0, 6});
  one.sync();
  ASSERT_TRUE(follower.look(start + OutputFollower::claim_patience, false).ok());
  EXPECT_EQ(text, "[0] a\n[0] bc\n[0] \n");
  follower.finish();
  EXPECT_EQ(text, "[0] a\n[0] bc\n[0] \n");
}

TEST_F(OutputTest, FollowingCreditsTextToWhoWroteItNotToWhoCameNext) {
  JobRef job = publish(3);
  Worker one = worker(job);
  ASSERT_TRUE(one.log->flush().ok());
  page(job, one.key, 0, 0, 1);  // task 0 has ended, not recorded yet; task 1 is in hand
  console(job, one.key, "zero\none\n");
  auto opened = open(job);
  std::string text;
  const TextSink sink = [&](std::string_view piece) { text += piece; };
  OutputFollower follower(*opened, sink, std::nullopt);
  const OutputFollower::Moment start;
  ASSERT_TRUE(follower.look(start, false).ok());
  one.value(0, "", 0, journal::ConsoleSpan{0, 5});
  ASSERT_TRUE(one.log->flush().ok());
  page(job, one.key, 1, 0, 2);
  ASSERT_TRUE(follower.look(start + OutputFollower::claim_patience, false).ok());
  EXPECT_EQ(text, "[0] zero\n[1] one\n");
  console(job, one.key, "two\n");
  ASSERT_TRUE(follower.look(start + OutputFollower::claim_patience, true).ok());
  EXPECT_EQ(text, "[0] zero\n[1] one\n[2] two\n") << "an ended job's text is claimed by nobody else";
}

TEST_F(OutputTest, FollowingAnEndedJobGivesEverythingAndReturns) {
  JobRef job = publish(1);
  Worker one = worker(job);
  console(job, one.key, "only\nline without end");
  one.value(0, "", 0, journal::ConsoleSpan{0, 21});
  one.sync();
  OutputOptions follow;
  follow.follow = true;
  std::string text;
  ASSERT_TRUE(get_job_output(
                  job, [&](std::string_view piece) { text += piece; }, follow)
                  .ok());
  EXPECT_EQ(text, "[0] only\n[0] line without end\n");
}

TEST_F(OutputTest, OutputOfACanceledJobIsATypedError) {
  JobRef job = publish(1);
  auto directory = open(job);
  ASSERT_TRUE(share::record_canceled(*directory, {}).ok());
  auto output = get_job_output(job);
  ASSERT_FALSE(output.ok());
  EXPECT_EQ(output.error().code, ErrorCode::job_canceled);
}

}  // namespace
}  // namespace errand::client
