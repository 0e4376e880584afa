// SPDX-License-Identifier: Apache-2.0
// A job's link to its program is a file that names it: the program has to stay while it is named.
#include "database/database_files.h"
#include "files_fixture.h"
#include "launchpad_fixture.h"
#include "share/place.h"

namespace errand::database {
namespace {

class DatabaseProgramTest : public FilesFixture {
 protected:
  void SetUp() override {
    FilesFixture::SetUp();
    if (IsSkipped()) return;
    place_ = *share::Place::open(files_, files_->absolute(""), false, system::system_clock());
    name_ = "program-of-" + id_;
    program_ = "programs/" + name_;
    ASSERT_TRUE(files_->publish(program_, "machine code", true, false));
  }
  Result<void> publish_linked() {
    EXPECT_TRUE(files_->make_directory("staging/" + id_));
    auto file = *files_->create("staging/" + id_ + "/job");
    EXPECT_TRUE(files_->link(program_, "staging/" + id_ + "/program"));
    auto published = files_->rename("staging/" + id_, job_);
    if (!published) (void)files_->remove_tree("staging/" + id_);
    return published;
  }
  /// As if nobody had used it for an hour.
  void let_it_age() {
    ASSERT_TRUE(
        administrator().run("update errand.block set written = written - interval '1 hour' where directory = "
                            "'programs' and file = $1",
                            Parameters().text(name_)));
  }
  void remove_it() {
    ASSERT_TRUE(administrator().run("delete from errand.block where directory = 'programs' and file = $1",
                                    Parameters().text(name_)));
  }

  std::shared_ptr<share::Place> place_;
  std::string name_;
  std::string program_;
};

TEST_F(DatabaseProgramTest, TheProgramOfAJobThatIsThereIsNotReleased) {
  ASSERT_TRUE(publish_linked());
  let_it_age();
  share::release_unused_programs(*place_);
  EXPECT_TRUE(files_->info(program_));
  ASSERT_TRUE(files_->rename(job_, "trash/x"));
  share::release_unused_programs(*place_);
  EXPECT_EQ(files_->info(program_).error().code, ErrorCode::not_found);
}

TEST_F(DatabaseProgramTest, AProgramThatWasLinkedAMomentAgoIsNotRemoved) {
  let_it_age();
  ASSERT_TRUE(publish_linked());
  ASSERT_TRUE(files_->rename(job_, "trash/x"));
  EXPECT_FALSE(files_->remove(program_)) << "another submission may be about to link to it";
  let_it_age();
  EXPECT_TRUE(files_->remove(program_));
}

TEST_F(DatabaseProgramTest, NoJobAppearsWithoutItsProgram) {
  remove_it();
  EXPECT_EQ(publish_linked().error().code, ErrorCode::not_found);
  EXPECT_EQ(files_->info(job_).error().code, ErrorCode::not_found);
}

class DatabaseServerProgramTest : public LaunchpadFixture {};

TEST_F(DatabaseServerProgramTest, AProgramThatIsGoneIsBroughtAgain) {
  auto launchpad = start();
  auto count = [this] {
    auto rows = own_administrator().run(
        "select count(*) from errand.block where directory = 'programs' and start = 0");
    return rows ? rows->number(0, 0) : -1;
  };
  for (int round = 0; round < 2; ++round) {
    auto job = exec(leaving("alice"), echo_after, 1);
    ASSERT_TRUE(job) << job.error().message;
    EXPECT_EQ(count(), 1);
    ASSERT_TRUE(job->wait());
    EXPECT_EQ((*job->results())[0], 1);
    ASSERT_TRUE(own_administrator().run_script("delete from errand.block where directory = 'programs'"));
  }
}

/// As if the server had crashed a moment after the claim, which need not survive that.
TEST_F(DatabaseServerProgramTest, AClaimThatTheServerForgotIsMadeAgainAndTheJobGoesOn) {
  auto launchpad = start();
  auto job = exec(leaving("alice"), wait_for_file, 3, file("go"));
  ASSERT_TRUE(job) << job.error().message;
  // When that has been shipped: a shipment under way would find that the job is not its launchpad's.
  ASSERT_TRUE(eventually([&] { return get_job_status(*job)->status == JobStatus::running; }));
  ASSERT_TRUE(own_administrator().run_script(
      "update errand.directory set lease = null; notify errand_submit, '" + job->id() + "x'"));
  let_go("go");
  auto waited = job->wait();
  ASSERT_TRUE(waited) << waited.error().message;
  EXPECT_EQ(waited->status, JobStatus::finished) << waited->reason;
  EXPECT_EQ((*job->results())[0], 3);
  EXPECT_EQ(starts("go", 3), 1) << "it is the same run";
}

}  // namespace
}  // namespace errand::database
