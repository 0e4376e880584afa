// SPDX-License-Identifier: Apache-2.0
#include "share/job_directory.h"

#include "share/sealing.h"
#include "unit/share/share_fixture.h"

namespace errand::share {
namespace {

using JobDirectoryTest = ShareTest;

Seal some_seal(std::uint32_t requests) {
  Seal seal;
  seal.report = {JobStatus::finished, "finished: 3 tasks", {3, 0, 0, 0, 3}};
  seal.requests = requests;
  seal.function = "area";
  seal.engine = "local";
  seal.host = "here";
  seal.user = "ada";
  return seal;
}

TEST_F(JobDirectoryTest, TheManifestComesBackAsItWas) {
  Manifest manifest = manifest_for(make_job_id(clock.now));
  manifest.seed = 0xffff'ffff'ffff'ffff;
  manifest.context.environment = {"A=1", "B"};
  manifest.context.task_time_limit = std::chrono::milliseconds(1500);
  manifest.worker = {{"@program", "--errand-worker"}, false};
  manifest.continue_on_failure = false;
  manifest.umask = 077;
  auto decoded = decode_manifest(encode(manifest));
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_EQ(encode(*decoded), encode(manifest));
  EXPECT_EQ(decoded->seed, manifest.seed);
  EXPECT_EQ(decoded->context, manifest.context);
  EXPECT_EQ(decoded->worker.argv, manifest.worker.argv);
  EXPECT_EQ(decoded->submitter, manifest.submitter);
}

TEST_F(JobDirectoryTest, ASealIsVoidAfterAFurtherRequest) {
  auto job = open(publish(3));
  ASSERT_TRUE(job->write_seal(some_seal(0)).ok());
  ASSERT_TRUE(job->seal());
  EXPECT_EQ(job->seal()->report.reason, "finished: 3 tasks");
  Request retry;
  retry.kind = Request::Kind::retry;
  ASSERT_TRUE(job->add_request(retry).ok());
  EXPECT_FALSE(job->seal());
}

TEST_F(JobDirectoryTest, ADamagedSealIsNoSeal) {
  std::string id = publish(3);
  auto job = open(id);
  ASSERT_TRUE(job->write_seal(some_seal(0)).ok());
  std::string bytes = *files->read_all(job->path() + "/seal", 1 << 20);
  for (std::size_t i = 0; i < bytes.size(); i += 7) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    ASSERT_TRUE(files->publish(job->path() + "/seal", damaged, false, true).ok());
    auto read = job->seal();
    // A flip in the padding behind a body is harmless; everywhere else it must be noticed.
    if (read) {
      EXPECT_EQ(read->report.reason, "finished: 3 tasks") << i;
    }
  }
  for (std::size_t length = 0; length + 8 < bytes.size(); ++length) {
    ASSERT_TRUE(files->publish(job->path() + "/seal", bytes.substr(0, length), false, true).ok());
    EXPECT_FALSE(job->seal()) << length;
  }
}

TEST_F(JobDirectoryTest, OfTwoClaimsOfAGenerationOneIsFirst) {
  std::string id = publish(1);
  auto one = open(id);
  auto two = open(id);
  ASSERT_TRUE(one->add_claim(0, 1, {}).ok());
  auto late = two->add_claim(0, 1, {});
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code, ErrorCode::exists);
}

TEST_F(JobDirectoryTest, RequestsOfTwoProcessesGetNumbersOfTheirOwn) {
  std::string id = publish(1);
  auto one = open(id);
  auto two = open(id);
  Request cancel;
  EXPECT_EQ(*one->add_request(cancel), 1U);
  EXPECT_EQ(*two->add_request(cancel), 2U);
  EXPECT_TRUE(two->cancel_pending());
  Verdict verdict;
  verdict.request = 2;
  ASSERT_TRUE(two->write_verdict(verdict).ok());
  EXPECT_FALSE(two->cancel_pending());
}

TEST_F(JobDirectoryTest, ACancelKeepsASmallRecordAndNothingElse) {
  std::string id = publish(4);
  auto job = open(id);
  ASSERT_TRUE(job->add_request({}).ok());
  ASSERT_TRUE(log(id, {0, 1, 1})->flush().ok());
  ASSERT_TRUE(job->refresh().ok());
  Verdict verdict;
  verdict.request = 1;
  verdict.total = 4;
  verdict.succeeded = 1;
  ASSERT_TRUE(record_canceled(*job, verdict).ok());
  for (const JobFileName& name : job->names()) {
    bool small = name.kind == JobFileName::Kind::verdict || name.kind == JobFileName::Kind::seal ||
                 name.kind == JobFileName::Kind::request;
    EXPECT_TRUE(small) << to_name(name);
  }
  ASSERT_TRUE(job->seal());
  EXPECT_EQ(job->seal()->report.status, JobStatus::canceled);
  EXPECT_EQ(job->seal()->function, "area");
  EXPECT_TRUE(record_canceled(*job, verdict).ok()) << "a second call completes an interrupted one";
}

TEST_F(JobDirectoryTest, ACrashAtAnyWriteOfASubmissionLeavesAWholeJobOrNone) {
  for (int step = 1; step < 40; ++step) {
    auto tree = system::MemoryFiles::make();
    auto fresh = Place::open(tree, "/place", true, clock);
    ASSERT_TRUE(fresh.ok());
    Manifest manifest = manifest_for(make_job_id(clock.now));
    JobFileBuilder builder(manifest);
    builder.bare_tasks(3);
    builder.close();
    tree->faults().fail(system::Operation::any, static_cast<std::uint64_t>(step),
                        Error{ErrorCode::no_space, "full", true, "", 28});
    bool published = publish_job(**fresh, manifest, builder.take()).ok();
    tree->faults().clear();
    auto reopened = Place::open(tree->tree().open(), "/place", false, clock);
    ASSERT_TRUE(reopened.ok());
    auto job = JobDirectory::open(*reopened, manifest.id);
    EXPECT_EQ(job.ok(), published) << "step " << step;
    if (job.ok()) {
      auto tasks = (*job)->tasks();
      ASSERT_TRUE(tasks.ok());
      EXPECT_EQ((*tasks)->total(), 3U);
    }
  }
}

TEST_F(JobDirectoryTest, APowerCutAtAnyStepOfASubmissionLeavesAWholeJobOrNone) {
  for (std::uint64_t step = 1; step < 40; ++step) {
    auto tree = system::MemoryFiles::make();
    auto fresh = Place::open(tree, "/place", true, clock);
    ASSERT_TRUE(fresh.ok());
    Manifest manifest = manifest_for(make_job_id(clock.now));
    JobFileBuilder builder(manifest);
    builder.bare_tasks(3);
    builder.close();
    tree->faults().fail_from(system::Operation::any, step, Error{ErrorCode::no_space, "off", true, "", 28});
    bool published = publish_job(**fresh, manifest, builder.take()).ok();
    tree->tree().power_cut();
    auto reopened = Place::open(tree->tree().open(), "/place", false, clock);
    ASSERT_TRUE(reopened.ok());
    auto job = JobDirectory::open(*reopened, manifest.id);
    auto tasks = job ? (*job)->tasks() : Result<TaskSource*>(job.error());
    EXPECT_TRUE(tasks.ok() || !published) << "step " << step << ": an acknowledged job is lost";
    if (tasks) {
      EXPECT_EQ((*tasks)->total(), 3U);
    } else {
      EXPECT_EQ(tasks.error().code, ErrorCode::job_missing) << "step " << step;
    }
  }
}

}  // namespace
}  // namespace errand::share
