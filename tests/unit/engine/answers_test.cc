// SPDX-License-Identifier: Apache-2.0
#include "engine/scheduler/answers.h"

#include <gtest/gtest.h>

#include "system/clock.h"
#include "system/memory_files.h"

namespace errand::engine::scheduler {
namespace {

constexpr std::int64_t one_second_ns = 1'000'000'000;

/// The user's state directory as two processes see it.
class SharedAnswers : public ::testing::Test {
 protected:
  static Answers::Given ask(system::MemoryFiles& files, std::int64_t not_older_than_s, int& calls) {
    Answers answers(files.shared_from_this(), "queue");
    return answers.get(system::system_clock().now_ns() - not_older_than_s * one_second_ns,
                       std::chrono::milliseconds(0), [&]() -> Result<Answer> {
                         return Answer{0, "call " + std::to_string(++calls), ""};
                       });
  }

  std::shared_ptr<system::MemoryTree> tree = system::MemoryTree::make();
  std::shared_ptr<system::MemoryFiles> here = tree->open();
  std::shared_ptr<system::MemoryFiles> there = tree->open();
  int calls = 0;
};

TEST_F(SharedAnswers, OneProcessAsksAndTheOthersTakeWhatItGot) {
  EXPECT_EQ(ask(*here, 5, calls).answer.out, "call 1");
  EXPECT_EQ(ask(*there, 5, calls).answer.out, "call 1");
  EXPECT_EQ(ask(*there, 5, calls).calls, 1U);
}

TEST_F(SharedAnswers, WithoutLocksEverybodyStillGetsAnAnswer) {
  here->faults().fail_from(system::Operation::lock, 1, system::io_fault());
  EXPECT_EQ(ask(*here, 5, calls).answer.out, "call 1");
  EXPECT_EQ(ask(*here, 5, calls).answer.out, "call 1") << "the answer is kept all the same";
}

TEST_F(SharedAnswers, ALockThatIsNeverGivenBackDoesNotMakeAnOldAnswerGood) {
  EXPECT_EQ(ask(*here, 5, calls).answer.out, "call 1");
  const auto stuck = *there->open_append("queue.lock");
  ASSERT_TRUE(*stuck->try_lock());
  EXPECT_EQ(ask(*here, -1, calls).answer.out, "call 2");
}

TEST_F(SharedAnswers, AnAnswerOfAHostWhoseClockIsAheadIsAskedForAgain) {
  const std::int64_t ahead = system::system_clock().now_ns() + 3600 * one_second_ns;
  tree->plant_file("queue", "errand answers 1 7 " + std::to_string(ahead) + " 0 3 0\nold");
  EXPECT_EQ(ask(*here, 5, calls).answer.out, "call 1");
  EXPECT_EQ(ask(*here, 5, calls).answer.out, "call 1");
}

}  // namespace
}  // namespace errand::engine::scheduler
