// SPDX-License-Identifier: Apache-2.0
// Who is about to read many jobs brings them along with one question; what is read then is as it was at that
// question, once each, for that thread alone.
#include <gmock/gmock.h>

#include <set>
#include <thread>

#include "client/open_place.h"
#include "errand/errand.h"
#include "files_fixture.h"

namespace errand::database {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

class DatabaseReadAheadTest : public FilesFixture {
 protected:
  static std::uint64_t questions(const Session& session, const std::function<void()>& work) {
    const std::uint64_t before = session.asked();
    work();
    return session.asked() - before;
  }
  std::uint64_t questions(const std::function<void()>& work) { return questions(files_->session(), work); }
};

TEST_F(DatabaseReadAheadTest, OneQuestionBringsNamesFilesAndAges) {
  publish("job");
  ASSERT_TRUE(files_->publish(job_ + "/seal", "seal", true, true));
  const auto modified_ns = files_->info(job_)->modified_ns;
  std::shared_ptr<void> ahead;
  EXPECT_EQ(questions([&] { ahead = files_->read_ahead({job_, "jobs/rxJob_of_nobody"}); }), 1u);
  EXPECT_EQ(questions([&] {
              EXPECT_THAT(*files_->list(job_), UnorderedElementsAre("job", "seal"));
              EXPECT_EQ(read("job"), "job");
              EXPECT_EQ((*files_->open_read(job_ + "/seal"))->view(0, 4)->text(), "seal");
              EXPECT_EQ(files_->info(job_)->modified_ns, modified_ns);
            }),
            0u);
  EXPECT_EQ(files_->list("jobs/rxJob_of_nobody").error().code, ErrorCode::not_found);
}

TEST_F(DatabaseReadAheadTest, EachIsGoodForOneReading) {
  publish("job");
  const auto ahead = files_->read_ahead({job_});
  EXPECT_EQ(read("job"), "job");
  EXPECT_THAT(*files_->list(job_), ElementsAre("job"));
  auto others = open_files("alice");
  ASSERT_TRUE(others->publish(job_ + "/job", "another", true, true));
  ASSERT_TRUE(others->publish(job_ + "/seal", "seal", true, true));
  EXPECT_EQ(read("job"), "another");
  EXPECT_THAT(*files_->list(job_), UnorderedElementsAre("job", "seal"));
}

TEST_F(DatabaseReadAheadTest, ItEndsWithWhatWasGivenAndWithTheNext) {
  publish("job");
  auto others = open_files("alice");
  auto ahead = files_->read_ahead({job_});
  ahead.reset();
  ASSERT_TRUE(others->publish(job_ + "/job", "second", true, true));
  EXPECT_EQ(read("job"), "second");

  ahead = files_->read_ahead({job_});
  ASSERT_TRUE(others->publish(job_ + "/job", "third", true, true));
  ahead = files_->read_ahead({job_});  // the end of the one before does not end this one
  EXPECT_EQ(questions([&] { EXPECT_EQ(read("job"), "third"); }), 0u);
}

TEST_F(DatabaseReadAheadTest, AnotherThreadAsksForItself) {
  publish("job");
  const auto ahead = files_->read_ahead({job_});
  auto others = open_files("alice");
  ASSERT_TRUE(others->publish(job_ + "/job", "another", true, true));
  std::thread([&] { EXPECT_EQ(read("job"), "another"); }).join();
  EXPECT_EQ(read("job"), "job");
}

TEST_F(DatabaseReadAheadTest, AJobOfManyFilesAndALargeFileAreAskedFor) {
  publish("job");
  std::vector<std::string> names{"job"};
  for (int i = 0; i < 100; ++i) {
    names.push_back("fetched.reader" + std::to_string(i));
    ASSERT_TRUE(files_->publish(job_ + "/" + names.back(), "mark", false, true));
  }
  const std::string many = job_;
  id_ = share::make_job_id(system::system_clock().now_ns());
  job_ = share::job_path(id_);
  const std::string large(20'000, 'x');
  publish(large);
  const auto ahead = files_->read_ahead({many, job_});
  EXPECT_THAT(*files_->list(many), testing::UnorderedElementsAreArray(names));
  EXPECT_THAT(*files_->list(job_), ElementsAre("job"));
  EXPECT_TRUE(read("job") == large);
}

TEST_F(DatabaseReadAheadTest, AListingOfQueuedJobsDoesNotAskForEach) {
  auto context = InDatabase(uri_of("bob"));
  ASSERT_TRUE(context) << context.error().message;
  context->wait = context->auto_cleanup = false;
  auto place = client::open_place(context->share_dir, false);
  ASSERT_TRUE(place) << place.error().message;
  auto& session = dynamic_cast<DatabaseFiles&>((*place)->files()).session();
  std::vector<JobRef> jobs;
  std::set<std::string> missing;
  for (int i = 0; i < 200; ++i) {
    auto job = exec_program(*context, {"/bin/true"});
    ASSERT_TRUE(job) << job.error().message;
    jobs.emplace_back(job->id(), job->place());
    missing.insert(job->id());
  }
  EXPECT_LT(questions(session,
                      [&] {
                        auto listed = get_jobs(*context);
                        ASSERT_TRUE(listed) << listed.error().message;
                        for (const JobSummary& job : *listed) {
                          if (missing.erase(job.id) == 0) continue;
                          EXPECT_EQ(job.status, JobStatus::queued) << job.reason;
                          EXPECT_EQ(job.function, "/bin/true");
                        }
                      }),
            jobs.size() / 4);
  EXPECT_TRUE(missing.empty());
  ASSERT_TRUE(cleanup_jobs(jobs, {.force = true, .removed = {}}));
}

}  // namespace
}  // namespace errand::database
