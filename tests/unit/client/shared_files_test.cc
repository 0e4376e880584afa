// SPDX-License-Identifier: Apache-2.0
#include "shared_files_fixture.h"

#include <gmock/gmock.h>

#include "client/wait.h"
#include "engine/scheduler/scheduler_engine.h"

/// Whole jobs on a network file system with its ways: files show late, locks do not lock, clocks disagree.
namespace errand::client {
namespace {

using ::testing::HasSubstr;

constexpr share::WorkerKey first_worker{0, 1, 1};
constexpr std::int64_t latency_s = std::chrono::seconds(65).count();
static_assert(std::chrono::seconds(latency_s) == engine::scheduler::network_visibility);

class LateFiles : public SharedFiles {
 protected:
  /// Both tasks on a node; nothing of it is visible where the status is asked for.
  void run_unseen() {
    submit(2);
    run_on_node();
  }
  void run_on_node() {
    system::MemoryProcesses processes("node1");
    auto element = begin(node_place_, processes);
    const Worker worker = this->worker(*node_files_, first_worker, "node1");
    worker.record(0);
    worker.record(1);
    worker.end();
  }
};

TEST_F(LateFiles, WhatHasEndedLatelyIsNotFailedAndFinishesWhenItShows) {
  run_unseen();
  squeue_shows("COMPLETED", 20);
  const JobReport early = report();
  EXPECT_EQ(early.status.status, JobStatus::running) << early.status.reason;
  EXPECT_FALSE(early.at_rest) << "a seal would make it final";
  asking_files_->advance();
  const JobReport late = report();
  EXPECT_EQ(late.status.status, JobStatus::finished) << late.status.reason;
  EXPECT_EQ(late.status.progress.succeeded, 2U);
}

TEST_F(LateFiles, WhatNeverShowsIsFailedAfterTheStatedLatency) {
  submit(2);
  squeue_shows("COMPLETED", latency_s + 60);
  const JobReport late = report();
  EXPECT_EQ(late.status.status, JobStatus::failed) << late.status.reason;
  EXPECT_THAT(late.status.reason, HasSubstr("2 of 2 tasks not done, retry runs them"));
}

TEST_F(LateFiles, APageThatSaysMoreThanTheLogIsWaitedForToo) {
  submit(2);
  system::MemoryProcesses processes("node1");
  auto element = begin(node_place_, processes);
  const Worker worker = this->worker(*node_files_, first_worker, "node1");
  worker.page().succeeded = 2;
  worker.page().closed = 1;
  asking_files_->advance();
  worker.page().succeeded = 0;
  worker.record(0);
  worker.record(1);
  worker.end();
  for (const char* state : {"RUNNING", "COMPLETED"}) {
    squeue_shows(state, latency_s + 60);
    EXPECT_EQ(status(), JobStatus::running) << state;
  }
  asking_files_->advance();
  EXPECT_EQ(status(), JobStatus::finished);
}

TEST_F(LateFiles, WhatSlurmForgetsBeforeItShowsIsWaitedForByWhoeverSawItAlive) {
  run_unseen();
  squeue_shows("RUNNING");
  ASSERT_EQ(status(), JobStatus::running);
  pass(5);
  squeue_prints("");
  EXPECT_EQ(status(), JobStatus::running);
  pass(latency_s);
  EXPECT_EQ(status(), JobStatus::undetermined) << "nobody knows how it ended";
  asking_files_->advance();
  EXPECT_EQ(status(), JobStatus::finished);
}

TEST_F(LateFiles, AnElementThatIsStartedAgainWhereNothingShowsYetTakesOverAllTheSame) {
  submit(2);
  auto files = tree_->open_delayed(30);
  run_on_node();
  tree_->plant_file(share::job_path(id_) + "/log.0.1.2", "");  // shows with the rest
  auto place = *share::Place::open(files, "/place", false, node_clock_);
  system::MemoryProcesses processes("node2");
  auto element = begin(place, processes);
  ASSERT_NE(element, nullptr);
  asking_files_->advance();
  ASSERT_TRUE(job_->refresh().ok());
  EXPECT_EQ(job_->generation(0), 2U);
  EXPECT_TRUE(element->queue.empty()) << "everything was done before it came";
}

class DisagreeingClocks : public SharedFiles {
 protected:
  /// A worker on a node, last heard of so many seconds ago; Slurm does not answer.
  JobStatus status_of_worker_heard_of(std::int64_t seconds_ago) {
    submit(2);
    system::MemoryProcesses processes("node1");
    auto element = begin(node_place_, processes);
    const Worker worker = this->worker(*node_files_, first_worker, "node1");
    worker.page().current_task = 0;
    beat(first_worker);
    asking_files_->advance();
    pass(seconds_ago);
    squeue_fails();
    return status();
  }
};

TEST_F(DisagreeingClocks, ALiveWorkerIsAliveHoweverFarAheadTheAskingHostIs) {
  asking_clock_.now += 3600 * second_ns;
  EXPECT_EQ(status_of_worker_heard_of(12), JobStatus::running);
}

TEST_F(DisagreeingClocks, ADeadWorkerIsNotAliveHoweverFarBehindTheAskingHostIs) {
  asking_clock_.now -= 3600 * second_ns;
  EXPECT_EQ(status_of_worker_heard_of(300), JobStatus::undetermined);
}

TEST_F(DisagreeingClocks, TheNodesOwnClockHasNoSay) {
  node_clock_.now -= 7200 * second_ns;
  EXPECT_EQ(status_of_worker_heard_of(12), JobStatus::running);
}

TEST_F(DisagreeingClocks, ASubmissionUnderWayIsNotRefusedBecauseTheSubmittersClockIsBehind) {
  asking_clock_.now -= 7200 * second_ns;
  submit(2, /*accepted=*/false);
  asking_clock_.now += 7200 * second_ns;  // now it is another host that asks
  EXPECT_EQ(status(), JobStatus::queued);
  pass(120);
  squeue_prints("");
  const JobReport late = report();
  EXPECT_EQ(late.status.status, JobStatus::failed);
  EXPECT_THAT(late.status.reason, HasSubstr("never accepted"));
}

TEST_F(DisagreeingClocks, AnEndThatSlurmDatesLongAgoIsNoOlderThanWhatWasSeen) {
  submit(2);
  squeue_shows("RUNNING");
  ASSERT_EQ(status(), JobStatus::running);
  pass(5);
  squeue_shows("COMPLETED", 3600);  // its clock is an hour behind
  EXPECT_EQ(status(), JobStatus::running);
  pass(latency_s);
  EXPECT_EQ(status(), JobStatus::failed);
}

TEST_F(DisagreeingClocks, APlaceThatCannotBeWrittenIsStillRead) {
  asking_files_->faults().fail_from(system::Operation::create, 5, system::unwritable_fault());
  EXPECT_NE(status_of_worker_heard_of(12), JobStatus::failed);
}

/// How locks fail: an answer that is an error, or everybody gets every lock.
enum class Locks { refused, local };

class BrokenLocks : public SharedFiles, public ::testing::WithParamInterface<Locks> {
 protected:
  void break_locks(system::MemoryFiles& files) const {
    if (GetParam() == Locks::local) {
      files.keep_locks_local();
    } else {
      files.faults().fail_from(system::Operation::lock, 1, system::io_fault());
    }
  }
};

TEST_P(BrokenLocks, OfTwoCopiesOfAnElementOneCountsAndNoTaskCountsTwice) {
  auto other_files = tree_->open();
  for (auto& files : {node_files_, other_files, asking_files_}) break_locks(*files);
  submit(3);
  system::MemoryProcesses first("node1");
  system::MemoryProcesses second("node2");
  auto lost = begin(node_place_, first);
  const Worker one = worker(*node_files_, first_worker, "node1");
  one.record(0);
  ASSERT_TRUE(one.log->sync().ok());
  // The node is cut off, and Slurm starts the element again elsewhere, while the first copy lives on.
  auto again = begin(*share::Place::open(other_files, "/place", false, node_clock_), second);
  ASSERT_NE(again, nullptr);
  EXPECT_EQ(again->queue.take(10).count, 2U) << "what was recorded is not run again";
  const Worker two = worker(*other_files, {0, 2, 1}, "node2");
  one.record(1);
  one.record(2);
  one.end();
  two.record(1);
  two.record(2);
  two.end();
  asking_files_->advance();
  squeue_shows("COMPLETED", 3600);
  const JobReport report = this->report();
  EXPECT_EQ(report.status.status, JobStatus::finished) << report.status.reason;
  ASSERT_NE(report.index, nullptr);
  EXPECT_EQ(report.index->counts().values, 3U);
  EXPECT_EQ(report.index->find(1)->worker.generation, 2U) << "the newest owner's outcome counts";
}

TEST_P(BrokenLocks, WhatLivesOnANodeIsNotCalledDead) {
  break_locks(*asking_files_);
  submit(2);
  system::MemoryProcesses processes("node1");
  auto element = begin(node_place_, processes);
  const Worker worker = this->worker(*node_files_, first_worker, "node1");
  asking_files_->advance();
  squeue_prints("");
  EXPECT_EQ(status(), JobStatus::running) << "forgotten by Slurm, and its heart beats";
  squeue_fails();
  EXPECT_EQ(status(), JobStatus::running);
}

INSTANTIATE_TEST_SUITE_P(Ways, BrokenLocks, ::testing::Values(Locks::refused, Locks::local));

}  // namespace
}  // namespace errand::client
