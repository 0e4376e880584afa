// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

#include "clusters/cluster_fixture.h"

/// What happens to jobs on a real Grid Engine when somebody or something interferes. SGE_ROOT names the cell
/// and ERRAND_CLUSTER its directory: `./test gridengine` sets both.
namespace errand::clusters {
namespace {

int note_process(int i, std::string file) {
  std::ofstream(file + ".pid." + std::to_string(i)) << ::getpid();
  std::ofstream(file + ".started." + std::to_string(i)) << "x";
  while (true) std::this_thread::sleep_for(milliseconds(1000));
}
int nap(int i, int milliseconds_each) {
  std::this_thread::sleep_for(milliseconds(milliseconds_each));
  return i;
}
const Function<int, int, std::string> endless_job = function("note_process", note_process);
const Function<int, int, int> nap_job = function("nap", nap);

class GridEngineCluster : public ClusterTest {
 protected:
  GridEngineCluster() : ClusterTest("gridengine") {}
  ~GridEngineCluster() override {
    for (const auto& job : std::filesystem::directory_iterator(file("share/jobs"), none_)) {
      shell("qdel " + job.path().filename().string() + "-*");
    }
  }
  void SetUp() override {
    ASSERT_NE(::getenv("SGE_ROOT"), nullptr) << "run ./test gridengine: it brings a cell up";
  }

  /// What Grid Engine calls the job.
  static std::string name(const JobRef& job) { return job.id() + "-1"; }
  /// The numbers of the job's arrays, one a line: as many as there were submissions.
  static std::string arrays(const JobRef& job) {
    return shell("qacct -j " + name(job) + " | awk '$1==\"jobnumber\"{print $2}' | sort -u");
  }
  static std::string in_queue(const JobRef& job) { return shell("qstat -r | grep " + name(job)); }

 private:
  std::error_code none_;
};

TEST_F(GridEngineCluster, AHeldJobIsBlockedAndGoesOnWhenReleased) {
  context.engine_options["hold"] = "true";
  auto job = exec(context, echo_job, each(std::vector<int>{1, 2}));
  ASSERT_TRUE(job.ok()) << job.error().message;
  StatusReport report;
  EXPECT_TRUE(eventually([&] {
    report = *job->status();
    return report.reason.find("blocked:") != std::string::npos;
  })) << report.reason;
  EXPECT_EQ(report.status, JobStatus::queued);
  EXPECT_THAT(report.reason, HasSubstr("(hqw)"));
  EXPECT_THAT(report.reason, HasSubstr("s ago"));
  shell("qrls " + name(*job));
  EXPECT_EQ(ended(*job).status, JobStatus::finished);
}

TEST_F(GridEngineCluster, QdelBehindOurBackIsAFailureWithThatReasonAndLeavesNoProcess) {
  auto job = exec(context, endless_job, each(std::vector<int>{0, 1}), file("go"));
  ASSERT_TRUE(job.ok()) << job.error().message;
  ASSERT_TRUE(eventually([&] { return started(0) && started(1); }));
  shell("qdel " + name(*job));
  StatusReport report = ended(*job);
  EXPECT_EQ(report.status, JobStatus::failed) << report.reason;
  EXPECT_THAT(report.reason, HasSubstr("failed 100"));
  for (int i : {0, 1}) {
    pid_t worker = 0;
    std::ifstream(file("go.pid." + std::to_string(i))) >> worker;
    ASSERT_GT(worker, 1);
    EXPECT_TRUE(eventually([worker] { return ::kill(worker, 0) != 0; }))
        << "Grid Engine counts its slot as free";
  }
}

TEST_F(GridEngineCluster, WhatWasDeletedCanBeRetried) {
  auto job = exec(context, wait_job, each(std::vector<int>{0, 1}), file("go"));
  ASSERT_TRUE(job.ok()) << job.error().message;
  ASSERT_TRUE(eventually([&] { return started(0) && started(1); }));
  shell("qdel " + name(*job));
  EXPECT_EQ(ended(*job).status, JobStatus::failed);
  let_go();
  ASSERT_TRUE(job->retry().ok());
  ASSERT_EQ(ended(*job).status, JobStatus::finished);
  EXPECT_EQ(job->results()->values(), (std::vector<int>{0, 1}));
}

TEST_F(GridEngineCluster, QdelOfWhatWaitsLeavesNoRecordAndIsAFailureAllTheSame) {
  context.engine_options["hold"] = "true";
  auto job = exec(context, echo_job, each(std::vector<int>{1, 2}));
  ASSERT_TRUE(job.ok()) << job.error().message;
  ASSERT_TRUE(eventually([&] { return !in_queue(*job).empty(); }));
  shell("qdel " + name(*job));
  StatusReport report = ended(*job);
  EXPECT_EQ(report.status, JobStatus::failed) << report.reason;
  EXPECT_THAT(report.reason, HasSubstr("deleted before it began"));
}

TEST_F(GridEngineCluster, ARerunTakesUpTheLostTasksUncounted) {
  context.lost_task_retries = 0;
  context.cores = 1;
  auto job = exec(context, wait_job, each(std::vector<int>{0, 1}), file("go"));
  ASSERT_TRUE(job.ok()) << job.error().message;
  ASSERT_TRUE(eventually([&] { return started(0); }));
  EXPECT_THAT(shell("qmod -rj " + name(*job)), HasSubstr("rescheduling"));
  std::filesystem::remove(file("go.started.0"));
  EXPECT_TRUE(eventually([&] { return started(0) || started(1); })) << "it runs a second time";
  let_go();
  StatusReport report = ended(*job);
  ASSERT_EQ(report.status, JobStatus::finished) << report.reason;
  EXPECT_EQ(job->results()->values(), (std::vector<int>{0, 1}));
}

TEST_F(GridEngineCluster, WhatDoesNotFitIntoTheTimeLimitIsRunByAContinuation) {
  context.cores = 1;
  // Warned after 12 s, in the middle of the second task. A second warning within a minute and a half is one
  // that Grid Engine does not give: what is left has to fit.
  context.engine_options["time"] = "0:18";
  auto job = exec(context, nap_job, each(std::vector<int>{0, 1}), 8000);
  ASSERT_TRUE(job.ok()) << job.error().message;
  StatusReport report = ended(*job);
  ASSERT_EQ(report.status, JobStatus::finished) << report.reason;
  EXPECT_EQ(job->results()->values(), (std::vector<int>{0, 1}));
  std::string runs;
  EXPECT_TRUE(eventually([&] {
    runs = shell("qacct -j " + name(*job));
    return runs.find("rescheduling") != std::string::npos;
  })) << runs;
}

TEST_F(GridEngineCluster, ATaskThatTakesAWholeAllocationIsFailedNotTriedForEver) {
  context.cores = 1;
  context.engine_options["time"] = "0:12";
  auto job = exec(context, wait_job, each(std::vector<int>{0}), file("go"));
  ASSERT_TRUE(job.ok()) << job.error().message;
  StatusReport report = ended(*job);
  EXPECT_EQ(report.status, JobStatus::failed) << report.reason;
  EXPECT_THAT(report.reason, HasSubstr("time limit of a whole allocation"));
}

TEST_F(GridEngineCluster, WhatCannotBeStartedIsBlockedAndCanBeCanceled) {
  context.engine_options["extra"] = "-wd /no/such/folder";
  auto job = exec(context, echo_job, each(std::vector<int>{1, 2}));
  ASSERT_TRUE(job.ok()) << job.error().message;
  StatusReport report;
  EXPECT_TRUE(eventually([&] {
    report = *job->status();
    return report.reason.find("(Eqw)") != std::string::npos;
  })) << report.reason;
  EXPECT_EQ(report.status, JobStatus::queued);
  EXPECT_THAT(report.reason, HasSubstr("blocked:"));
  ASSERT_TRUE(job->cancel().ok());
  EXPECT_EQ(ended(*job).status, JobStatus::canceled);
  EXPECT_TRUE(eventually([&] { return in_queue(*job).empty(); })) << in_queue(*job);
}

TEST_F(GridEngineCluster, ASubmissionThatTimedOutIsFoundByItsNameAndNotMadeTwice) {
  const std::string qsub = shell("command -v qsub");
  stand_in("qsub", qsub.substr(0, qsub.find('\n')) +
                       " \"$@\" >/dev/null\necho 'Unable to run job: failed receiving gdi request response "
                       "for mid=1 (got syncron message receive timeout error).' >&2\nexit 1\n");
  auto job = exec(context, echo_job, each(std::vector<int>{1, 2, 3}));
  ASSERT_TRUE(job.ok()) << job.error().message;
  ASSERT_EQ(ended(*job).status, JobStatus::finished);
  EXPECT_EQ(job->results()->values(), (std::vector<int>{1, 2, 3}));
  EXPECT_TRUE(eventually([&] { return arrays(*job).find_first_of("0123456789") == 0; }));
  std::istringstream numbers(arrays(*job));
  EXPECT_EQ(std::distance(std::istream_iterator<int>(numbers), {}), 1) << arrays(*job);
}

TEST_F(GridEngineCluster, NodesAreKeptTo) {
  context.engine_options["nodes"] = "nowhere,localhost";
  auto job = exec(context, echo_job, each(std::vector<int>{1, 2}));
  ASSERT_TRUE(job.ok()) << job.error().message;
  EXPECT_EQ(ended(*job).status, JobStatus::finished);
  context.engine_options["nodes"] = "nowhere";
  auto nowhere = exec(context, echo_job, 1);
  ASSERT_FALSE(nowhere.ok());
  EXPECT_EQ(nowhere.error().code, ErrorCode::engine_refused);
}

TEST_F(GridEngineCluster, WhatGridEngineRefusesIsRefusedAtSubmissionAndLeavesNothing) {
  context.engine_options["queue"] = "nowhere.q";
  auto job = exec(context, echo_job, 1);
  ASSERT_FALSE(job.ok());
  EXPECT_EQ(job.error().code, ErrorCode::engine_refused);
  EXPECT_THAT(job.error().message, HasSubstr("nowhere.q"));
  EXPECT_TRUE(get_jobs(context)->empty());
  context.engine_options = {{"colour", "blue"}};
  auto unknown = exec(context, echo_job, 1);
  ASSERT_FALSE(unknown.ok());
  EXPECT_THAT(unknown.error().hint, HasSubstr("queue"));
}

/// Alone, because others would meet a master that is down; and its node takes half a minute to find it again.
using GridEngineMaster = GridEngineCluster;

TEST_F(GridEngineMaster, WhileItIsDownNothingIsKnownAndEverythingWorksWhenItIsBack) {
  if (cluster().empty()) GTEST_SKIP() << "ERRAND_CLUSTER does not name the cell's directory";
  context.engine_options["hold"] = "true";
  auto job = exec(context, echo_job, each(std::vector<int>{5}));
  ASSERT_TRUE(job.ok()) << job.error().message;
  const pid_t master = daemon("qmaster/qmaster.pid");
  ASSERT_GT(master, 1);
  ::kill(master, SIGKILL);
  StatusReport report;
  EXPECT_TRUE(eventually([&] {
    report = *job->status();
    return report.status == JobStatus::undetermined;
  })) << report.reason;
  EXPECT_THAT(report.reason, HasSubstr("not answering (gridengine)"));
  shell(std::string(ERRAND_SOURCE_DIR) + "/tests/clusters/sge-up " + cluster());
  EXPECT_TRUE(eventually([&] { return job->status()->status == JobStatus::queued; }));
  shell("qrls " + name(*job));
  EXPECT_EQ(ended(*job).status, JobStatus::finished);
}

}  // namespace
}  // namespace errand::clusters
