// SPDX-License-Identifier: Apache-2.0
#include "engine/local/task_queue.h"

#include <gtest/gtest.h>

namespace errand::engine::local {
namespace {

TEST(TaskQueue, GivesTasksInOrderAndInPieces) {
  TaskQueue queue;
  queue.add({0, 10, 0});
  EXPECT_EQ(queue.take(4), (TaskRange{0, 4, 0}));
  EXPECT_EQ(queue.take(100), (TaskRange{4, 6, 0}));
  EXPECT_TRUE(queue.empty());
}

TEST(TaskQueue, JoinsNeighboursOfTheSameAttemptOnly) {
  TaskQueue queue;
  queue.add({0, 2, 0});
  queue.add({2, 2, 0});
  queue.add({4, 1, 1});
  EXPECT_EQ(queue.take(100), (TaskRange{0, 4, 0}));
  EXPECT_EQ(queue.take(100), (TaskRange{4, 1, 1}));
}

TEST(TaskQueue, TakesOneTaskOutOfTheMiddle) {
  TaskQueue queue;
  queue.add({0, 5, 3});
  EXPECT_EQ(queue.remove(2), (TaskRange{2, 1, 3}));
  EXPECT_EQ(queue.remove(2), std::nullopt);
  EXPECT_EQ(queue.size(), 4U);
  EXPECT_EQ(queue.take(100), (TaskRange{0, 2, 3}));
  EXPECT_EQ(queue.take(100), (TaskRange{3, 2, 3}));
  EXPECT_TRUE(queue.empty());
}

TEST(PieceSize, BeginsWithOneTaskAndLearns) {
  PieceSize piece;
  EXPECT_EQ(piece.next(1'000'000, 2), 1U);
  piece.learn(1, 1);
  EXPECT_EQ(piece.next(1'000'000, 2), 50'000U) << "about 50 ms of work";
  EXPECT_EQ(piece.next(1'000, 2), 250U) << "never more than a share of what waits";
  EXPECT_EQ(piece.next(1, 2), 1U);
  piece.learn(10, 10'000'000);
  EXPECT_EQ(piece.next(1'000'000, 2), 1U) << "long tasks go one by one";
}

TEST(PieceSize, AFixedSizeIsKept) {
  PieceSize piece;
  piece.fixed = 2'000;
  EXPECT_EQ(piece.next(10'000, 2), 2'000U);
  EXPECT_EQ(piece.next(500, 2), 500U);
}

}  // namespace
}  // namespace errand::engine::local
