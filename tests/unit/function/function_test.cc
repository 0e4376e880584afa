// SPDX-License-Identifier: Apache-2.0
#include "errand/function.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <stdexcept>

#include "errand/exec.h"
#include "errand/random.h"
#include "function/registry.h"
#include "function/run_here.h"
#include "function/thrown.h"

namespace errand {
namespace {

using functions::find_function;
using functions::run_here;
using testing::ElementsAre;
using testing::HasSubstr;

double scale(double x, const std::vector<double>& factors) {
  return x * std::accumulate(factors.begin(), factors.end(), 0.0);
}
const auto scale_job = function("test.scale", scale);

std::uint32_t draw_here() {
  return rng()();
}
const auto draw_here_job = function("test.draw", draw_here);

std::int64_t fail_at_two(std::int64_t n) {
  if (n == 2) throw std::out_of_range("n is two");
  if (n == 4) throw "text";
  return n;
}
const auto fail_job = function("test.fail", fail_at_two);

int one() {
  return 1;
}
int two() {
  return 2;
}
const auto twice_first = function("test.twice", one);
const auto twice_second = function("test.twice", two);

template <class R, class... P, class... A>
detail::FunctionCall call_of(const Function<R, P...>& function, A... arguments) {
  auto shared = std::make_shared<const std::tuple<A...>>(std::move(arguments)...);
  return detail::make_call(function, shared, std::index_sequence_for<P...>{});
}

TEST(Registry, FindsAFunctionAndKnowsItsType) {
  auto found = find_function("test.scale");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_THAT((*found)->signature, HasSubstr("double (double, "));
}

TEST(Registry, AnUnknownNameIsAnErrorThatListsThoseThereAre) {
  auto found = find_function("test.none");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::not_found);
  EXPECT_THAT(found.error().message, HasSubstr("test.scale"));
}

TEST(Registry, ANameGivenTwiceIsAnErrorWhenItIsUsed) {
  auto found = find_function("test.twice");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(found.error().message, HasSubstr("test.twice"));
}

TEST(Registry, ANameWithOtherCharactersIsRefused) {
  for (const char* name : {"", "a b", "a/b", "\xc3\xa9"}) EXPECT_FALSE(find_function(name)) << name;
}

TEST(TypeName, IsWhatPeopleWrite) {
  EXPECT_EQ(detail::type_name(typeid(std::int32_t)), "int");
}

TEST(RunHere, FansOutAndSharesArguments) {
  std::vector<double> xs = {1, 2, 3};
  detail::Decoder<double> results;
  auto call = call_of(scale_job, each(xs), std::vector<double>{10, 1});
  ASSERT_TRUE(run_here(call, {3, {}, true}, results));
  EXPECT_THAT(results.values, ElementsAre(11, 22, 33));
  EXPECT_TRUE(results.failures.empty());
}

TEST(RunHere, TheSameSeedGivesTheSameDraws) {
  detail::Decoder<std::uint32_t> results;
  ASSERT_TRUE(run_here(call_of(draw_here_job), {3, 42, true}, results));
  EXPECT_THAT(results.values, ElementsAre(Random(42, 0)(), Random(42, 1)(), Random(42, 2)()));
}

TEST(RunHere, WhatATaskThrowsIsItsFailureAndTheRestRuns) {
  std::vector<std::int64_t> ns = {1, 2, 3, 4, 5};
  detail::Decoder<std::int64_t> results;
  ASSERT_TRUE(run_here(call_of(fail_job, each(ns)), {5, {}, true}, results));
  EXPECT_THAT(results.values, ElementsAre(1, 0, 3, 0, 5));
  ASSERT_EQ(results.failures.size(), 2U);
  EXPECT_EQ(results.failures[0].task, 1U);
  EXPECT_EQ(results.failures[0].type, "std::out_of_range");
  EXPECT_EQ(results.failures[0].message, "n is two");
  EXPECT_EQ(results.failures[1].type, "char const*");
}

TEST(RunHere, WithoutContinueOnFailureTheFirstIsTheError) {
  std::vector<std::int64_t> ns = {1, 2, 3};
  detail::Decoder<std::int64_t> results;
  auto ran = run_here(call_of(fail_job, each(ns)), {3, {}, false}, results);
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code, ErrorCode::job_failed);
  EXPECT_THAT(ran.error().message, HasSubstr("task 1"));
}

TEST(RunHere, ArgumentsOfAnotherFunctionAreRefused) {
  detail::FunctionCall call = call_of(draw_here_job);
  call.function = "test.scale";
  detail::Decoder<double> results;
  EXPECT_EQ(run_here(call, {}, results).error().code, ErrorCode::invalid_argument);
}

TEST(Thrown, NestedExceptionsAreTheTraceback) {
  TaskFailure failure;
  try {
    try {
      throw std::runtime_error("disk");
    } catch (...) {
      std::throw_with_nested(std::logic_error("cannot save"));
    }
  } catch (...) {
    failure = functions::describe_thrown(false);
  }
  EXPECT_EQ(failure.message, "cannot save");
  EXPECT_EQ(failure.traceback, "caused by std::runtime_error: disk\n");
}

TEST(Thrown, WantOfMemoryIsTheLimitsOnlyIfThereIsOne) {
  for (bool limited : {false, true}) {
    try {
      throw std::bad_alloc();
    } catch (...) {
      EXPECT_EQ(functions::describe_thrown(limited).cause,
                limited ? FailureCause::memory_limit : FailureCause::user_error);
    }
  }
}

TEST(Thrown, AnEndlessMessageIsCut) {
  try {
    throw std::runtime_error(std::string(10 << 20, 'x'));
  } catch (...) {
    EXPECT_LT(functions::describe_thrown(false).message.size(), std::size_t{1} << 20);
  }
}

}  // namespace
}  // namespace errand
