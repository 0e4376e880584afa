// SPDX-License-Identifier: Apache-2.0
// The connection of whoever appends is cut at every message: what was said to be durable runs, once.
#include <sys/wait.h>
#include <unistd.h>

#include <sstream>

#include "cutting_proxy.h"
#include "launchpad_fixture.h"

namespace errand::database {
namespace {

using testing::HasSubstr;

constexpr int most_tasks = 3;

class DatabaseServerGrowingCutsTest : public LaunchpadFixture {
 protected:
  /// What an appender was told.
  struct Told {
    std::string id;
    int tasks = 0;
    bool is_closed = false;
    std::string error;
  };

  /// Opens a growing job, appends and closes it, in a process of its own: with a connection of its own.
  Told grow(const std::string& uri) {
    const std::string path = file("told");
    const pid_t pid = fork();
    if (pid == 0) {
      std::ofstream told(path);
      append_all(uri, told);
      told.close();
      _exit(0);
    }
    waitpid(pid, nullptr, 0);
    return read(path);
  }

  /// Goes on where that appender ended.
  Result<void> finish(const JobRef& job) {
    Result<GrowingJob<int, int>> growing = Error{ErrorCode::exists, "not tried", true, "", 0};
    // The server needs a moment to notice that the other one is gone.
    const bool opened = eventually([&] {
      growing = reopen_growing_job(job, echo_after);
      return growing.ok() || growing.error().code != ErrorCode::exists;
    });
    EXPECT_TRUE(opened);
    return growing ? growing->close() : Result<void>(growing.error());
  }

  void expect_as_told(const Told& told) {
    const JobRef job(told.id, leaving("alice").share_dir);
    if (!told.is_closed) {
      auto finished = finish(job);
      ASSERT_TRUE(finished) << finished.error().message;
    }
    auto status = wait_for_job(job);
    ASSERT_TRUE(status) << status.error().message;
    EXPECT_EQ(status->status, JobStatus::finished) << status->reason;
    auto results = Job<int>(job).results();
    ASSERT_TRUE(results) << results.error().message;
    const int count = static_cast<int>(results->size());
    EXPECT_GE(count, told.tasks) << "what was acknowledged";
    EXPECT_LE(count, told.is_closed ? told.tasks : told.tasks + 1) << "what was asked for";
    for (int i = 0; i < count; ++i) EXPECT_EQ((*results)[static_cast<std::size_t>(i)], i);
  }

  /// Jobs of cut submissions that nobody was told of.
  void remove_all_jobs() {
    auto jobs = get_jobs(leaving("alice"));
    ASSERT_TRUE(jobs) << jobs.error().message;
    std::vector<JobRef> refs;
    for (const JobSummary& job : *jobs) refs.emplace_back(job.id, job.place);
    auto removed = cleanup_jobs(refs, {.force = true, .removed = {}});
    ASSERT_TRUE(removed) << removed.error().message;
    EXPECT_EQ(removed->removed.size(), refs.size());
    // Each leaves a mark that those who remove others read.
    EXPECT_TRUE(own_administrator().run_script("delete from errand.block where file = 'tombstones'"));
  }

 private:
  static void append_all(const std::string& uri, std::ostream& told) {
    auto context = InDatabase(uri);
    if (!context) return;
    context->wait = context->auto_cleanup = false;
    auto job = open_growing_job(*context, echo_after);
    if (!job) {
      told << "error " << job.error().message << "\n";
      return;
    }
    told << "id " << job->job().id() << "\n";
    for (int i = 0; i < most_tasks; ++i) {
      auto appended = job->append(i);
      auto durable = appended ? job->flush() : Result<void>(appended.error());
      told << (durable ? "task" : "error " + durable.error().message) << "\n";
      if (!durable) return;
    }
    auto closed = job->close();
    told << (closed ? "closed" : "error " + closed.error().message) << "\n";
  }

  static Told read(const std::string& path) {
    Told told;
    std::ifstream lines(path);
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("id ")) told.id = line.substr(3);
      if (line == "task") ++told.tasks;
      if (line == "closed") told.is_closed = true;
      if (line.starts_with("error ")) told.error = line.substr(6);
    }
    return told;
  }
};

TEST_F(DatabaseServerGrowingCutsTest, WhatWasAppendedRunsOnceAndTheNextAppenderGoesOn) {
  start();
  const std::string password = target_as("alice").parameters["password"];
  ASSERT_TRUE(exec(context_of("alice"), echo_after, 1));  // the program is there
  int closed = 0;
  const auto once = [&](const CuttingProxy& proxy) {
    const Told told = grow(proxy.uri_of("alice", password));
    if (told.is_closed) {
      ++closed;
    } else {
      EXPECT_THAT(told.error, HasSubstr("no connection to"));
    }
    if (!told.id.empty()) expect_as_told(told);
    remove_all_jobs();
  };
  EXPECT_GT(cut_at_every_message(file("proxy"), target_as("administrator"), once), 30);
  EXPECT_GT(closed, 0);
}

}  // namespace
}  // namespace errand::database
