// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <sys/wait.h>

#include <atomic>

#include "faults/fault_fixture.h"

/// Things that happen at once.
namespace errand::faults {
namespace {

namespace fs = std::filesystem;
using ::testing::AnyOf;
using Races = Faults;

TEST_F(Races, TheLastTaskEndingWhileACancelIsUnderWay) {
  int canceled_ones = 0;
  constexpr int rounds = 60;
  for (int i = 0; i < rounds; ++i) {
    SCOPED_TRACE(i);
    auto job = exec(context, sleep_job, each(numbers(2)), 20);
    ASSERT_TRUE(job.ok());
    std::this_thread::sleep_for(milliseconds(i % 40));
    auto canceled = job->cancel();
    ASSERT_TRUE(canceled.ok()) << canceled.error().message;
    StatusReport report = ended(*job);
    if (canceled->canceled) {
      ++canceled_ones;
      EXPECT_EQ(report.status, JobStatus::canceled) << report.reason;
      EXPECT_EQ(job->results().error().code, ErrorCode::job_canceled);
      EXPECT_FALSE(fs::exists(directory(*job) + "/job")) << "its arguments are removed";
    } else {
      EXPECT_EQ(report.status, JobStatus::finished) << report.reason << " " << canceled->message;
      expect_values(*job, 2);
    }
    EXPECT_EQ(status(*job).status, report.status) << "the answer stays";
    if (HasFailure()) return;
  }
  std::printf("%d of %d canceled\n", canceled_ones, rounds);
  expect_only_idle_ones();
}

TEST_F(Races, TwoCancelsAndAWaitAtOnce) {
  for (int i = 0; i < 10; ++i) {
    auto job = exec(context, sleep_job, each(numbers(2)), 30);
    std::atomic<int> successes{0};
    std::atomic<int> slow{0};
    std::vector<std::thread> threads;
    for (int k = 0; k < 4; ++k) {
      threads.emplace_back([&] {
        auto begin = std::chrono::steady_clock::now();
        auto canceled = job->cancel();
        EXPECT_TRUE(canceled.ok()) << canceled.error().message;
        successes += canceled.ok() && canceled->canceled ? 1 : 0;
        slow += std::chrono::steady_clock::now() - begin > std::chrono::seconds(20) ? 1 : 0;
      });
    }
    threads.emplace_back(
        [&] { EXPECT_THAT(ended(*job).status, AnyOf(JobStatus::canceled, JobStatus::finished)); });
    for (auto& thread : threads) thread.join();
    bool was_canceled = status(*job).status == JobStatus::canceled;
    EXPECT_EQ(was_canceled, successes > 0) << successes;
    EXPECT_EQ(slow, 0) << "a cancel waited in vain for an answer that another one had got";
    EXPECT_THAT(status(*job).status, AnyOf(JobStatus::canceled, JobStatus::finished));
  }
}

TEST_F(Races, CancelOfAQueuedJobBehindALongOne) {
  const int cores = static_cast<int>(std::thread::hardware_concurrency());
  context.cores = cores;
  auto longest = exec(context, sleep_job, each(numbers(cores)), 60'000);
  ASSERT_TRUE(eventually([&] { return status(*longest).progress.running == static_cast<unsigned>(cores); }));
  auto behind = exec(context, counting_job, each(numbers(3)), path("ran"));
  EXPECT_EQ(status(*behind).status, JobStatus::queued);
  auto canceled = behind->cancel();
  ASSERT_TRUE(canceled.ok());
  EXPECT_TRUE(canceled->canceled) << canceled->message;
  EXPECT_EQ(status(*behind).status, JobStatus::canceled);
  EXPECT_FALSE(fs::exists(path("ran")));
  EXPECT_EQ(status(*longest).status, JobStatus::running) << "nobody else was harmed";
  ASSERT_TRUE(longest->cancel().ok());
}

TEST_F(Races, TenThousandQueriesAtOnce) {
  auto done = exec(context, value_job, each(numbers(100)));
  auto failed = exec(context, throws_int_job);
  ended(*done);
  ended(*failed);
  auto live = exec(context, sleep_job, each(numbers(2)), 60'000);
  ASSERT_TRUE(eventually([&] { return status(*live).progress.running == 2; }));
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 50; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 67; ++i) {
        auto one = get_job_status(*done);
        auto two = get_job_status(*failed);
        auto three = get_job_status(*live);
        bool right = one && one->status == JobStatus::finished && two && two->status == JobStatus::failed &&
                     three && three->status == JobStatus::running;
        wrong += right ? 0 : 1;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(agents().size(), 1U);
  ASSERT_TRUE(live->cancel().ok());
}

TEST_F(Races, TwoReadersThatBothCleanUp) {
  for (int i = 0; i < 10; ++i) {
    auto job = exec(context, value_job, each(numbers(200)));
    ended(*job);
    std::atomic<int> read{0};
    std::vector<std::thread> readers;
    for (int k = 0; k < 4; ++k) {
      readers.emplace_back([&] {
        ResultOptions removing;
        removing.auto_cleanup = true;
        auto results = get_job_results<std::int64_t>(*job, removing);
        if (!results) {
          EXPECT_EQ(results.error().code, ErrorCode::job_missing) << results.error().message;
          return;
        }
        ++read;
        for (std::size_t task = 0; task < results->size(); ++task) {
          EXPECT_EQ((*results)[task], expected_value(static_cast<int>(task)));
        }
      });
    }
    for (auto& reader : readers) reader.join();
    EXPECT_GE(read, 1) << "somebody got them";
  }
}

TEST_F(Races, ResultsIntoAPipeThatClosesRemoveNothing) {
  auto job = exec(context, value_job, each(numbers(50'000)));
  EXPECT_EQ(ended(*job).status, JobStatus::finished);
  for (const char* tail : {"head -1", "true"}) {
    const std::string line =
        command() + " --share-dir " + share() + " results --cleanup " + job->id() + " | " + tail;
    CommandResult piped = run_command({"/bin/bash", "-c", line + "; echo ${PIPESTATUS[0]}"});
    EXPECT_EQ(piped.err, "") << tail;
    EXPECT_THAT(piped.out, ::testing::EndsWith("141\n")) << tail;
    EXPECT_EQ(status(*job).status, JobStatus::finished);
    expect_values(*job, 50'000);
  }
  CommandResult whole = errand({"results", "--cleanup", job->id()});
  EXPECT_EQ(whole.exit_code, 0) << whole.err;
  EXPECT_EQ(status(*job).status, JobStatus::missing);
}

TEST_F(Races, FollowingIntoAPipeThatClosesEndsThoughNothingIsPrinted) {
  auto job = exec_program(context, {"/bin/sh", "-c", "echo first; exec sleep 3600"});
  ASSERT_TRUE(job.ok()) << job.error().message;
  const std::string line =
      command() + " --share-dir " + share() + " output -f " + job->id() + " | head -1; echo ${PIPESTATUS[0]}";
  CommandResult piped = run_command({"/bin/bash", "-c", line});
  EXPECT_EQ(piped.out, "[0] first\n141\n");
  EXPECT_EQ(piped.err, "");
  EXPECT_EQ(status(*job).status, JobStatus::running) << "the job goes on";
  EXPECT_TRUE(cancel_job(*job)->canceled);
}

TEST_F(Races, ResultsIntoAFullDeviceRemoveNothing) {
  auto job = exec(context, value_job, each(numbers(10)));
  EXPECT_EQ(ended(*job).status, JobStatus::finished);
  CommandResult full = run_command(
      {"/bin/sh", "-c",
       command() + " --share-dir " + share() + " results --cleanup " + job->id() + " > /dev/full"});
  EXPECT_NE(full.exit_code, 0);
  EXPECT_NE(full.err, "");
  expect_values(*job, 10);
}

}  // namespace
}  // namespace errand::faults
