// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <sys/resource.h>

#include "client_fixture.h"

namespace errand::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class JobsTest : public ClientTest {
 protected:
  JobsTest() { context.share_dir = place->path(); }

  [[nodiscard]] std::vector<std::string> ids(const JobsOptions& options = {}) const {
    auto jobs = get_jobs(context, options);
    EXPECT_TRUE(jobs.ok()) << jobs.error().message;
    std::vector<std::string> all;
    for (const JobSummary& job : *jobs) all.push_back(job.id);
    return all;
  }

  ComputeContext context;
};

TEST_F(JobsTest, SealedAndUnsealedOnesEachOnceOldestFirst) {
  JobRef sealed = finished(2);
  ASSERT_TRUE(get_job_results<std::string>(sealed).ok());
  ::usleep(2000);
  JobRef unsealed = finished(1);
  ::usleep(2000);
  JobRef open_one = publish(1);
  EXPECT_THAT(ids(), ElementsAre(sealed.id(), unsealed.id(), open_one.id()));
  auto jobs = get_jobs(context);
  EXPECT_EQ((*jobs)[0].status, JobStatus::finished);
  EXPECT_EQ((*jobs)[0].function, "area");
  EXPECT_EQ((*jobs)[0].user, "ada");
  EXPECT_EQ((*jobs)[0].host, "elsewhere");
  EXPECT_EQ((*jobs)[0].progress.total, 2U);
  EXPECT_EQ((*jobs)[1].status, JobStatus::finished);
  EXPECT_NE((*jobs)[2].status, JobStatus::finished);
}

TEST_F(JobsTest, WhatHasNotEndedChangedWhenItsDirectoryDid) {
  share::Manifest old = manifest();
  old.created_ns -= 3'600'000'000'000;
  old.id = share::make_job_id(old.created_ns);
  const JobRef job = publish(old, 1);
  auto listed = get_jobs(context);
  ASSERT_EQ(listed->size(), 1U);
  EXPECT_EQ((*listed)[0].created_ns, old.created_ns);
  EXPECT_GT((*listed)[0].modified_ns, old.created_ns);
  auto info = get_job_info(job);
  ASSERT_TRUE(info.ok()) << info.error().message;
  EXPECT_EQ(info->summary.modified_ns, (*listed)[0].modified_ns);
}

TEST_F(JobsTest, MoreJobsThanAProcessMayHaveFilesOpenAreReadAll) {
  constexpr std::size_t most_files = 40;
  for (std::size_t i = 0; i < most_files; ++i) {
    (void)publish(3);
    JobRef begun = publish(3);
    Worker one = worker(begun);
    one.value(0, "done");
    one.sync();
  }
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{most_files, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  auto jobs = get_jobs(context);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_TRUE(jobs.ok()) << jobs.error().message;
  EXPECT_EQ(jobs->size(), 2 * most_files);
  for (const JobSummary& job : *jobs) {
    EXPECT_EQ(job.progress.total, 3U) << job.reason;
    EXPECT_EQ(job.function, "area");
  }
}

TEST_F(JobsTest, AJobThatCannotBeReadIsListedAndSaysWhy) {
  const JobRef job = publish(1);
  std::filesystem::permissions(directory(job), std::filesystem::perms::none);
  constexpr uid_t nobody = 65534;
  const bool is_root = geteuid() == 0;  // who may read everything
  if (is_root) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root_))
      ASSERT_EQ(::chown(entry.path().c_str(), nobody, nobody), 0);
    ASSERT_EQ(::chown(root_.c_str(), nobody, nobody), 0);
    ASSERT_EQ(::seteuid(nobody), 0);
  }
  auto jobs = get_jobs(context);
  ASSERT_EQ(is_root ? ::seteuid(0) : 0, 0);
  ASSERT_TRUE(jobs.ok()) << jobs.error().message;
  ASSERT_EQ(jobs->size(), 1U);
  EXPECT_EQ((*jobs)[0].status, JobStatus::undetermined);
  EXPECT_THAT((*jobs)[0].reason, HasSubstr("Permission denied"));
}

TEST_F(JobsTest, StatesFilterInAnyCase) {
  JobRef done = finished(1);
  JobRef broken = publish(1);
  Worker one = worker(broken);
  one.failure(0, "no");
  one.sync();
  JobsOptions options;
  options.states = {"Finished"};
  EXPECT_THAT(ids(options), ElementsAre(done.id()));
  options.states = {"FAILED", "missing"};
  EXPECT_THAT(ids(options), ElementsAre(broken.id()));
}

TEST_F(JobsTest, AnUnknownStateNamesTheKnownOnes) {
  JobsOptions options;
  options.states = {"done"};
  auto jobs = get_jobs(context, options);
  ASSERT_FALSE(jobs.ok());
  EXPECT_EQ(jobs.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(jobs.error().hint, HasSubstr("finished"));
}

TEST_F(JobsTest, ASubmissionThatNeverCompletedIsNone) {
  const std::string id = share::make_job_id(place->clock().now_ns());
  std::filesystem::create_directory(place->path() + "/staging/" + id);
  auto jobs = get_jobs(context);
  ASSERT_EQ(jobs->size(), 1U);
  EXPECT_EQ((*jobs)[0].id, id);
  EXPECT_FALSE((*jobs)[0].status.has_value());
  JobsOptions options;
  options.states = {"NONE"};
  EXPECT_THAT(ids(options), ElementsAre(id));
  options.states = {"finished"};
  EXPECT_TRUE(ids(options).empty());
}

TEST_F(JobsTest, TimesBoundTheCreationBothEndsIncluded) {
  share::Manifest early = manifest();
  ::usleep(3000);
  share::Manifest late = manifest();
  finished(early, 1);
  JobRef sealed = finished(late, 1);
  ASSERT_TRUE(get_job_results<std::string>(sealed).ok());
  JobsOptions options;
  options.start_ns = early.created_ns;
  options.end_ns = late.created_ns;
  EXPECT_THAT(ids(options), ElementsAre(early.id, late.id));
  options.start_ns = early.created_ns + 1;
  EXPECT_THAT(ids(options), ElementsAre(late.id));
  options.start_ns.reset();
  options.end_ns = late.created_ns - 1;
  EXPECT_THAT(ids(options), ElementsAre(early.id));
}

TEST_F(JobsTest, ExactMatchComparesEveryField) {
  JobRef unsealed = finished(1);
  JobRef sealed = finished(1);
  ASSERT_TRUE(get_job_results<std::string>(sealed).ok());
  JobsOptions exact;
  exact.exact_match = true;
  context = manifest().context;
  context.share_dir.clear();  // the default: the same place
  EXPECT_EQ(ids(exact).size(), 2U);
  context.cores = 3;
  EXPECT_TRUE(ids(exact).empty());
  EXPECT_EQ(ids().size(), 2U);
}

TEST_F(JobsTest, ARetriedJobIsNotListedByItsOldSeal) {
  JobRef job = publish(2);
  Worker one = worker(job);
  one.value(0, "a");
  one.failure(1, "no");
  one.sync();
  ASSERT_TRUE(get_job_results<std::string>(job).ok());
  auto directory = open(job);
  ASSERT_TRUE(directory->seal().has_value());
  share::Request retry;
  retry.kind = share::Request::Kind::retry;
  retry.tasks = {{1, 2}};
  retry.first_attempt = 1;
  ASSERT_TRUE(place->ring(job.id()).ok());
  ASSERT_TRUE(directory->add_request(retry).ok());
  EXPECT_NE((*get_jobs(context))[0].status, JobStatus::finished);
}

TEST_F(JobsTest, StrangersInThePlaceAreNoJobs) {
  std::filesystem::create_directory(place->path() + "/jobs/notes");
  std::filesystem::create_directory_symlink("/", place->path() + "/jobs/rxJob_00000000000000000000000000");
  EXPECT_TRUE(ids().empty());
}

TEST_F(JobsTest, NoDefaultPlaceYetMeansNoJobs) {
  set("ERRAND_SHARE_DIR", root_ + "/never-used");
  EXPECT_TRUE(get_jobs(ComputeContext{})->empty());
  context.share_dir = root_ + "/mistyped";
  EXPECT_EQ(get_jobs(context).error().code, ErrorCode::place_unreadable);
}

}  // namespace
}  // namespace errand::client
