// SPDX-License-Identifier: Apache-2.0
#include "errand/random.h"

#include <gtest/gtest.h>
#include <array>

#include <random>
#include <set>
#include <thread>

#include "errand/exec.h"
#include "function/task_state.h"

namespace errand {
namespace {

std::array<std::uint32_t, 4> first_block(std::uint64_t seed, std::uint64_t stream) {
  Random random(seed, stream);
  return {random(), random(), random(), random()};
}

// A known answer of the authors' own test suite (kat_vectors): counter and key all zeros.
TEST(Random, IsPhilox4x32With10Rounds) {
  EXPECT_EQ(first_block(0, 0),
            (std::array<std::uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
}

TEST(Random, TheStreamIsTheCountersHighHalf) {
  // Block k of stream i has counter (low = k, high = i): streams never overlap, whatever their length.
  Random second_block(7, 3);
  for (int i = 0; i < 4; ++i) (void)second_block();
  EXPECT_NE(second_block(), first_block(7, 4)[0]);
  EXPECT_NE(first_block(7, 3), first_block(7, 4));
  EXPECT_NE(first_block(7, 3), first_block(8, 3));
  EXPECT_NE(first_block(7, std::uint64_t{1} << 32), first_block(7, 1)) << "all 64 bits of the stream count";
  EXPECT_NE(first_block(std::uint64_t{1} << 40, 1), first_block(0, 1)) << "and of the seed";
}

TEST(Random, UniformStaysBelowOne) {
  Random random(1, 2);
  double sum = 0;
  for (int i = 0; i < 10'000; ++i) {
    double x = random.uniform();
    ASSERT_GE(x, 0.0);
    ASSERT_LT(x, 1.0);
    sum += x;
  }
  EXPECT_NEAR(sum / 10'000, 0.5, 0.02);
}

TEST(Random, StandardDistributionsTakeIt) {
  Random random(1, 2);
  std::normal_distribution<double> normal;
  EXPECT_TRUE(std::isfinite(normal(random)));
}

TEST(Random, AProgramsSeedIsTheFirst63Bits) {
  for (std::uint64_t task : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{10'000'000}}) {
    auto words = first_block(42, task);
    std::uint64_t expected = ((std::uint64_t{words[1]} << 32) | words[0]) & 0x7fff'ffff'ffff'ffff;
    EXPECT_EQ(program_seed(42, task), expected);
  }
}

TEST(RandomVectors, AreThoseOfTheDocument) {
  struct Vector {
    std::uint64_t task;
    std::array<std::uint32_t, 6> words;
    std::uint64_t seed;
  };
  // docs/random-numbers.md, seed 42.
  constexpr std::array<Vector, 3> vectors{
      {{0, {0x9ceaf053, 0x77f5493b, 0x12bf50ad, 0x5742b3d7, 0xfcdb2127, 0x53ba6cfd}, 8643895580192075859U},
       {1, {0x02933769, 0x2051e913, 0x3b68b038, 0xb62c409c, 0x20ff9139, 0xfdd21d94}, 2328898750184109929U},
       {10'000'000,
        {0xe2903d6d, 0x7e48cff3, 0x35e19a9a, 0xe54dc2bc, 0x4b0d33e9, 0xd0a72d72},
        9099751693487193453U}}};
  for (const Vector& vector : vectors) {
    Random random(42, vector.task);
    for (std::uint32_t word : vector.words) EXPECT_EQ(random(), word) << vector.task;
    EXPECT_EQ(program_seed(42, vector.task), vector.seed);
  }
}

TEST(Rng, ATaskWithASeedHasItsOwnStream) {
  functions::TaskScope scope("job", 42);
  functions::TaskScope::enter(5, 0);
  EXPECT_EQ(rng()(), Random(42, 5)());
  functions::TaskScope::enter(6, 0);
  EXPECT_EQ(rng()(), Random(42, 6)());
  functions::TaskScope::enter(5, 1);
  EXPECT_EQ(rng()(), Random(42, 5)()) << "a retry draws the same";
}

TEST(Rng, WithoutASeedEveryTaskDrawsDifferently) {
  functions::TaskScope scope("job", std::nullopt);
  std::set<std::uint64_t> seen;
  for (std::uint64_t task = 0; task < 1000; ++task) {
    functions::TaskScope::enter(0, 0);
    std::uint64_t high = rng()();
    seen.insert((high << 32) | rng()());
  }
  EXPECT_EQ(seen.size(), 1000U);
}

TEST(Rng, OutsideTasksEachThreadHasItsOwn) {
  std::uint64_t here = rng()();
  std::uint64_t there = 0;
  std::thread([&] { there = rng()(); }).join();
  EXPECT_NE((here << 32) | rng()(), (there << 32) | rng()());
  EXPECT_EQ(&rng(), &rng());
}

TEST(CurrentTask, IsEmptyOutsideAndNestsInside) {
  EXPECT_EQ(current_task().job, "");
  {
    functions::TaskScope outer("outer", std::nullopt);
    functions::TaskScope::enter(3, 1);
    EXPECT_EQ(current_task().index, 3U);
    {
      functions::TaskScope inner("inner", std::nullopt);
      functions::TaskScope::enter(9, 0);
      EXPECT_EQ(current_task().job, "inner");
    }
    EXPECT_EQ(current_task().job, "outer");
    EXPECT_EQ(current_task().index, 3U);
    EXPECT_EQ(current_task().attempt, 1U);
  }
  EXPECT_EQ(current_task().index, 0U);
}

TEST(RandomSeed, IsNotRepeated) {
  EXPECT_NE(detail::random_seed(), detail::random_seed());
}

}  // namespace
}  // namespace errand
