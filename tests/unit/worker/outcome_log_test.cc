// SPDX-License-Identifier: Apache-2.0
#include "worker/outcome_log.h"

#include <gtest/gtest.h>

#include <thread>

#include "system/clock.h"
#include "system/memory_files.h"
#include "worker_harness.h"

namespace errand::worker {
namespace {

using std::chrono_literals::operator""ms;

struct OpenLog {
  OpenLog() {
    JobDraft job = draft_of({}, 1);
    id = publish(place, job);
    log.emplace(place.place().files(), share::job_path(id), share::WorkerKey{0, 1, 1}, page);
    EXPECT_TRUE(log->create(id));
  }
  void record(std::uint64_t task, FailureCause cause = FailureCause::none) {
    log->begin_task();
    journal::Outcome outcome;
    outcome.task = task;
    outcome.cause = cause;
    ASSERT_TRUE(log->record(outcome, system::system_clock().monotonic_ns()));
  }
  [[nodiscard]] ReadLog read() const { return read_log(place, id); }

  TemporaryPlace place;
  std::string id;
  std::shared_ptr<share::ProgressPage> page = std::make_shared<share::ProgressPage>();
  std::optional<OutcomeLog> log;
};

TEST(ThreadOutcomeLog, TwoThreadsRecordEveryOutcomeOnceAndInOrder) {
  OpenLog open;
  constexpr std::uint64_t tasks = 20'000;
  for (std::uint64_t task = 0; task < tasks; ++task) {
    open.record(task, task % 7 == 0 ? FailureCause::user_error : FailureCause::none);
    if (task % 2000 == 0) std::this_thread::sleep_for(12ms);
  }
  ASSERT_TRUE(open.log->close());
  ReadLog log = open.read();
  ASSERT_EQ(log.order.size(), tasks);
  for (std::uint64_t task = 0; task < tasks; ++task) ASSERT_EQ(log.order[task], task);
  EXPECT_EQ(log.durable, tasks);
  EXPECT_EQ(open.page->succeeded + open.page->failed, tasks);
  EXPECT_EQ(open.page->failed, (tasks + 6) / 7);
  EXPECT_EQ(open.page->durable, tasks);
}

TEST(ThreadOutcomeLog, WhatWaitsWhenATaskBeginsIsWrittenAndSynced) {
  OpenLog open;
  open.record(0);
  open.record(1);
  open.log->begin_task();  // and this task never ends
  EXPECT_TRUE(eventually([&] { return open.page->succeeded == 2; }));
  EXPECT_TRUE(eventually([&] { return open.page->durable == 2; }));
  EXPECT_EQ(open.read().durable, 2U);
}

TEST(ThreadOutcomeLog, CountsAreOfRecordedOutcomesOnly) {
  OpenLog open;
  open.record(0);
  EXPECT_EQ(open.page->succeeded, 0U) << "memory is no record";
  ASSERT_TRUE(open.log->flush());
  EXPECT_EQ(open.page->succeeded, 1U);
  EXPECT_EQ(open.page->durable, 0U);
  EXPECT_EQ(open.read().outcomes.size(), 1U);
  ASSERT_TRUE(open.log->sync());
  EXPECT_EQ(open.page->durable, 1U);
}

TEST(OutcomeLog, ASecondOneOfTheSameNameIsRefused) {
  OpenLog open;
  OutcomeLog other(open.place.place().files(), share::job_path(open.id), {0, 1, 1}, open.page);
  EXPECT_EQ(other.create(open.id).error().code, ErrorCode::exists);
}

/// A log in a tree that fails on demand.
struct FailingLog {
  FailingLog() {
    EXPECT_TRUE(files->make_directory("job"));
    log.emplace(*files, "job", share::WorkerKey{0, 1, 1}, page);
    EXPECT_TRUE(log->create("rxJob_x"));
    journal::Outcome outcome;
    EXPECT_TRUE(log->record(outcome, 0));
  }
  std::shared_ptr<system::MemoryFiles> files = system::MemoryFiles::make();
  std::shared_ptr<share::ProgressPage> page = std::make_shared<share::ProgressPage>();
  std::optional<OutcomeLog> log;
};

TEST(OutcomeLog, AFailedFsyncIsNotTriedAgain) {
  // The kernel reports it once; a second fsync that succeeds would prove nothing.
  for (auto kind : {system::Operation::sync, system::Operation::sync_directory}) {
    FailingLog open;
    open.files->faults().fail(kind, 1, system::io_fault());
    EXPECT_FALSE(open.log->sync());
    EXPECT_FALSE(open.log->sync());
    EXPECT_FALSE(open.log->close());
    EXPECT_EQ(open.page->durable, 0U);
  }
}

TEST(OutcomeLog, AShortlyFullDiskLosesNothing) {
  FailingLog open;
  open.files->faults().fail(system::Operation::append, 1, system::no_space_fault(),
                            system::FaultPlan::Manner::half);
  ASSERT_TRUE(open.log->close());
  EXPECT_EQ(open.page->durable, 1U);
  std::string bytes = open.files->read_all("job/log.0.1.1", 1 << 20).value();
  journal::RecordReader reader(std::as_bytes(std::span<const char>(bytes)));
  int outcomes = 0;
  while (auto record = reader.next()) outcomes += record->type == journal::RecordType::outcomes ? 1 : 0;
  EXPECT_EQ(outcomes, 1);
  EXPECT_EQ(reader.dropped(), "");
}

TEST(OutcomeLog, AnotherErrorOfTheDiskIsGivenEverAfter) {
  FailingLog open;
  open.files->faults().fail(system::Operation::append, 1, system::io_fault());
  EXPECT_FALSE(open.log->flush());
  EXPECT_FALSE(open.log->record({}, 0));
  EXPECT_FALSE(open.log->sync());
  EXPECT_EQ(open.page->succeeded, 0U);
}

}  // namespace
}  // namespace errand::worker
