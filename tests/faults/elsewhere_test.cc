// SPDX-License-Identifier: Apache-2.0
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "faults/fault_fixture.h"

/// A second host on the same place. It is this machine under another name: what errand knows of a host is
/// its name, its boot and its pid namespace.
namespace errand::faults {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

bool become_elsewhere() {
  constexpr const char* name = "elsewhere";
  return ::unshare(CLONE_NEWUTS) == 0 && ::sethostname(name, std::strlen(name)) == 0;
}

class Elsewhere : public Faults {
 protected:
  /// Submits a program from the other host.
  std::optional<JobRef> submit_there(const std::vector<std::string>& words) {
    std::vector<std::string> all = {"exec", "--"};
    all.insert(all.end(), words.begin(), words.end());
    CommandResult submitted = errand(all, become_elsewhere);
    if (submitted.exit_code == 125) return std::nullopt;
    EXPECT_EQ(submitted.exit_code, 0) << submitted.err;
    return JobRef(submitted.out.substr(0, submitted.out.find('\n')), share());
  }
  void kill_everything_there() const {
    end_agents(SIGKILL);
    for (const auto& [pid, process] : marked_processes(place_id())) ::kill(pid, SIGKILL);
    ASSERT_TRUE(eventually([&] { return marked_processes(place_id()).empty(); }));
  }
  /// As if nobody had touched the worker's page for a day.
  void let_heartbeats_age(const JobRef& job) const {
    for (const auto& entry : fs::directory_iterator(directory(job))) {
      timespec old[2] = {};
      old[0].tv_sec = old[1].tv_sec = ::time(nullptr) - 86'400;
      ::utimensat(AT_FDCWD, entry.path().c_str(), old, 0);
    }
  }
};

#define SUBMITTED_THERE(job, ...)       \
  auto job = submit_there(__VA_ARGS__); \
  if (!job) GTEST_SKIP() << "needs a user who may unshare the host name"

TEST_F(Elsewhere, AJobThatRunsThereIsSeenRunningAndFinishingFromHere) {
  SUBMITTED_THERE(job, {"/bin/sh", "-c", "sleep 1; echo there"});
  ASSERT_TRUE(eventually([&] { return status(*job).status == JobStatus::running; })) << status(*job).reason;
  EXPECT_EQ(ended(*job).status, JobStatus::finished);
  EXPECT_EQ(get_job_output(*job).value_or(""), "there\n");
  auto info = get_job_info(*job);
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->summary.host, "elsewhere");
}

TEST_F(Elsewhere, TheAgentHereLeavesJobsOfTheOtherHostAlone) {
  SUBMITTED_THERE(job, {"/bin/sleep", "600"});
  ASSERT_TRUE(eventually([&] { return status(*job).status == JobStatus::running; }));
  kill_everything_there();
  auto mine = exec(context, value_job, each(numbers(5)));
  EXPECT_EQ(ended(*mine).status, JobStatus::finished);
  EXPECT_FALSE(fs::exists(directory(*job) + "/claim.0.2")) << "taken over by a host it does not belong to";
  // Its own host takes it up again.
  CommandResult asked = errand({"status", job->id()}, become_elsewhere);
  EXPECT_EQ(asked.exit_code, 0) << asked.err;
  EXPECT_TRUE(eventually([&] { return fs::exists(directory(*job) + "/claim.0.2"); }));
  CommandResult canceled = errand({"cancel", job->id()}, become_elsewhere);
  EXPECT_EQ(canceled.exit_code, 0) << canceled.err;
  EXPECT_EQ(status(*job).status, JobStatus::canceled);
}

TEST_F(Elsewhere, AFreshHeartbeatIsAliveAndAnOldOneIsUndetermined) {
  SUBMITTED_THERE(job, {"/bin/sleep", "600"});
  ASSERT_TRUE(eventually([&] { return status(*job).status == JobStatus::running; }));
  kill_everything_there();
  EXPECT_EQ(status(*job).status, JobStatus::running) << "it was alive a moment ago, and nobody can be asked";
  let_heartbeats_age(*job);
  StatusReport report = status(*job);
  EXPECT_EQ(report.status, JobStatus::undetermined);
  EXPECT_THAT(report.reason, HasSubstr("elsewhere"));
  EXPECT_EQ(errand({"status", "--check", job->id()}).exit_code, 5);
  auto kept = cleanup_jobs({*job});
  ASSERT_TRUE(kept.ok());
  EXPECT_EQ(kept->removed.size(), 0U);
  EXPECT_TRUE(fs::exists(directory(*job) + "/job"));
}

TEST_F(Elsewhere, ACancelFromHereLeavesARequestAndSaysSo) {
  SUBMITTED_THERE(job, {"/bin/sleep", "600"});
  ASSERT_TRUE(eventually([&] { return status(*job).status == JobStatus::running; }));
  kill_everything_there();
  auto canceled = cancel_job(*job);
  ASSERT_TRUE(canceled.ok()) << canceled.error().message;
  EXPECT_FALSE(canceled->canceled);
  EXPECT_THAT(canceled->message, HasSubstr("elsewhere"));
  EXPECT_TRUE(fs::exists(directory(*job) + "/request.1"));
  StatusReport report = status(*job);
  EXPECT_EQ(report.status, JobStatus::running) << report.reason;
  EXPECT_THAT(report.reason, HasSubstr("being canceled"));
  // The next verb there completes it.
  EXPECT_EQ(errand({"status", job->id()}, become_elsewhere).exit_code, 0);
  EXPECT_EQ(ended(*job).status, JobStatus::canceled);
}

TEST_F(Elsewhere, ALiveAgentThereCarriesACancelFromHereOut) {
  SUBMITTED_THERE(job, {"/bin/sleep", "600"});
  ASSERT_TRUE(eventually([&] { return status(*job).status == JobStatus::running; }));
  auto canceled = cancel_job(*job);
  ASSERT_TRUE(canceled.ok()) << canceled.error().message;
  EXPECT_EQ(ended(*job).status, JobStatus::canceled);
  expect_only_idle_ones();
}

}  // namespace
}  // namespace errand::faults
