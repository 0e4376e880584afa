// SPDX-License-Identifier: Apache-2.0
#include "client/find_job.h"

#include <gmock/gmock.h>

#include "client/history.h"
#include "client_fixture.h"

namespace errand::client {
namespace {

using ::testing::HasSubstr;

class FindJobTest : public ClientTest {};

TEST_F(FindJobTest, WholeIdInAnyCase) {
  JobRef job = publish(1);
  std::string upper = job.id();
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  auto found = find_job(upper);
  ASSERT_TRUE(found.ok()) << found.error().message;
  EXPECT_EQ(*found, job);
}

TEST_F(FindJobTest, LeadingAndTrailingParts) {
  JobRef job = publish(1);
  for (const std::string& part : {job.id().substr(0, 20), job.id().substr(6, 20), job.id().substr(26)}) {
    auto found = find_job(part);
    ASSERT_TRUE(found.ok()) << part << ": " << found.error().message;
    EXPECT_EQ(found->id(), job.id()) << part;
  }
}

TEST_F(FindJobTest, APartFromTheMiddleNamesNothing) {
  JobRef job = publish(1);
  auto found = find_job(job.id().substr(16, 12));
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().code, ErrorCode::not_found);
}

TEST_F(FindJobTest, AmbiguousPartsNameTheCandidates) {
  JobRef one = publish(1);
  JobRef two = publish(1);
  auto found = find_job("rxJob_");
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().code, ErrorCode::ambiguous);
  EXPECT_THAT(found.error().message, HasSubstr(one.id()));
  EXPECT_THAT(found.error().message, HasSubstr(two.id()));
}

TEST_F(FindJobTest, AJobsPlaceHasNoPassword) {
  for (const char* place : {"postgresql://ada:hunter2@place.example/d?sslmode=require",
                            "host=place.example dbname=d user=ada password=hunter2",
                            "Driver=PostgreSQL;Server=place.example;Database=d;UID=ada;PWD=hunter2"}) {
    EXPECT_EQ(JobRef("rxJob_x", place).place(), "postgresql://ada@place.example/d");
  }
  EXPECT_EQ(JobRef("rxJob_x", "/scratch/a=b").place(), "/scratch/a=b");
  auto odd = find_job("host=h password=hunter2");
  ASSERT_FALSE(odd.ok());
  EXPECT_THAT(odd.error().message, ::testing::Not(HasSubstr("hunter2")));
}

TEST_F(FindJobTest, AnUnreachableDatabaseIsNamedWithoutItsPassword) {
  auto status = get_job_status(
      JobRef("rxJob_0123456789abcdefghjkmnpqrs", "host=127.0.0.1 port=1 dbname=d user=ada password=hunter2"));
  const std::string said = status ? status->reason : status.error().message + status.error().hint;
  EXPECT_THAT(said, HasSubstr("127.0.0.1"));
  EXPECT_THAT(said, ::testing::Not(HasSubstr("hunter2")));
}

TEST_F(FindJobTest, RefusesWhatCanBeNoName) {
  for (const char* text : {"", "abc", "../../../etc", "rxJob_../..", "0123456789012345678901234567890123"}) {
    auto found = find_job(text);
    ASSERT_FALSE(found.ok()) << text;
    EXPECT_EQ(found.error().code, ErrorCode::invalid_argument) << text;
    auto status = get_job_status(text);
    ASSERT_FALSE(status.ok()) << text;
    EXPECT_EQ(status.error().code, ErrorCode::invalid_argument) << text;
  }
}

TEST_F(FindJobTest, LooksInPlacesOfEarlierSubmissions) {
  JobRef job = publish(1);
  set("ERRAND_SHARE_DIR", root_ + "/another");
  auto before = find_job(job.id());
  ASSERT_FALSE(before.ok());
  ASSERT_TRUE(note_place(root_ + "/share").ok());
  auto found = find_job(job.id());
  ASSERT_TRUE(found.ok()) << found.error().message;
  EXPECT_EQ(found->place(), root_ + "/share");
}

TEST_F(FindJobTest, OneIdInTwoPlacesIsAnErrorUnlessThePlaceIsNamed) {
  JobRef job = publish(1);
  make_place(root_ + "/copy");
  std::filesystem::copy(directory(job), root_ + "/copy/jobs/" + job.id());
  ASSERT_TRUE(note_place(root_ + "/copy").ok());
  auto found = find_job(job.id());
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().code, ErrorCode::ambiguous);
  EXPECT_THAT(found.error().message, HasSubstr(root_ + "/copy"));
  auto named = find_job(JobRef(job.id(), root_ + "/copy"));
  ASSERT_TRUE(named.ok());
}

TEST_F(FindJobTest, OnePlaceUnderTwoNamesIsOnePlace) {
  JobRef job = publish(1);
  std::filesystem::create_directory_symlink(root_ + "/share", root_ + "/alias");
  ASSERT_TRUE(note_place(root_ + "/alias").ok());
  EXPECT_TRUE(find_job(job.id()).ok());
}

TEST_F(FindJobTest, ADeletedJobIsMissingAndSaysWhen) {
  JobRef job = publish(1);
  ASSERT_TRUE(place->remove_job(job.id(), "cleaned up").ok());
  for (const JobRef& named : {job, JobRef(job.id())}) {
    auto status = get_job_status(named);
    ASSERT_TRUE(status.ok());
    EXPECT_EQ(status->status, JobStatus::missing);
    EXPECT_THAT(status->reason, HasSubstr("deleted just now: cleaned up"));
  }
}

TEST_F(FindJobTest, AnUnreadablePlaceIsUndetermined) {
  JobRef job = publish(1);
  std::filesystem::remove(root_ + "/share/errand-share");
  auto status = get_job_status(job);
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(status->status, JobStatus::undetermined);
  EXPECT_THAT(status->reason, HasSubstr("errand-share"));
}

TEST_F(FindJobTest, LastIsTheSessionsOwnElseTheNewestForReadersOnly) {
  JobRef older = publish(1);
  ::usleep(2000);  // ids sort by milliseconds
  JobRef newer = publish(1);
  auto newest = find_job("last");
  ASSERT_TRUE(newest.ok()) << newest.error().message;
  EXPECT_EQ(newest->id(), newer.id());
  auto for_writing = find_job("last", true);
  ASSERT_FALSE(for_writing.ok());
  EXPECT_EQ(for_writing.error().code, ErrorCode::not_found);
  EXPECT_FALSE(last_pending_job().ok());

  ASSERT_TRUE(record_submission(older.id(), older.place()).ok());
  for (bool writing : {false, true}) {
    auto own = find_job("last", writing);
    ASSERT_TRUE(own.ok());
    EXPECT_EQ(own->id(), older.id());
  }
}

}  // namespace
}  // namespace errand::client
