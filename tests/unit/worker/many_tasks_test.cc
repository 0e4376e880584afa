// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <chrono>

#include "errand/function.h"
#include "errand/random.h"
#include "worker_harness.h"

namespace errand::worker {
namespace {

std::uint32_t draw_one() {
  return rng()();
}
const auto many_job = errand::function("many.draw", draw_one);

TEST(HeavyWorkerLoop, AMillionTasksAreAllRecordedOnce) {
  constexpr std::uint64_t tasks = 1'000'000;
  TemporaryPlace place;
  JobDraft job = draft(many_job, tasks);
  job.manifest.seed = 1;
  std::string id = publish(place, job);
  auto begin = std::chrono::steady_clock::now();
  ASSERT_EQ(run_whole(place, id, tasks), 0);
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  RecordProperty("microseconds_per_task", std::to_string(took.count() * 1e6 / tasks));
  ReadLog log = read_log(place, id);
  EXPECT_EQ(log.order.size(), tasks);
  EXPECT_EQ(log.outcomes.size(), tasks);
  EXPECT_EQ(log.durable, tasks);
}

}  // namespace
}  // namespace errand::worker
