// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include "faults/fault_fixture.h"
#include "faults/own_mounts.h"

/// Disks that are full, read-only, somebody else's, or not the one the program lies on.
namespace errand::faults {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

class Disk : public Faults {
 protected:
  /// Puts the share directory on a file system with room for a copy of this program, however large a build
  /// makes it, and 32 MiB; false (and the test is skipped) where this user may not mount.
  bool use_small_disk() {
    const std::uintmax_t bytes = std::filesystem::file_size("/proc/self/exe") + (32U << 20);
    disk_ = std::make_unique<SmallFileSystem>(path("disk"), std::to_string(bytes));
    if (disk_->mounted()) use_share(path("disk/share"));
    return disk_->mounted();
  }
  void TearDown() override {
    Faults::TearDown();
    disk_.reset();
  }
  /// Fills the disk up to so many bytes.
  void fill(std::uintmax_t left) const {
    std::uintmax_t room = disk_->room();
    if (room > left) write_file(path("disk/filler"), std::string(room - left, 'f'));
  }
  void make_room() const { std::filesystem::remove(path("disk/filler")); }
  [[nodiscard]] std::size_t entries(const std::string& folder) const {
    std::error_code none;
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(share() + "/" + folder, none), {}));
  }

  std::unique_ptr<SmallFileSystem> disk_;
};

#define NEEDS_MOUNT() \
  if (!use_small_disk()) GTEST_SKIP() << "needs a user who may mount a tmpfs"

TEST_F(Disk, AFileSystemThatHoldsNoFilesIsNoShareDirectory) {
  CommandResult told = run_command({command(), "--share-dir", "/proc", "exec", "--", "/bin/true"});
  EXPECT_EQ(told.exit_code, 5);
  EXPECT_NE(told.err.find("choose another share directory"), std::string::npos) << told.err;
}

TEST_F(Disk, SubmittingToAFullDiskSaysSoAndLeavesNothing) {
  NEEDS_MOUNT();
  auto first = exec_program(context, {"/bin/true"});
  ASSERT_TRUE(first.ok()) << first.error().message;
  ended(*first);
  fill(0);
  for (int i = 0; i < 3; ++i) {
    auto job = exec(context, value_job, each(numbers(10)));
    ASSERT_FALSE(job.ok()) << "the snapshot of the program has no room";
    EXPECT_EQ(job.error().code, ErrorCode::no_space) << job.error().message;
    EXPECT_FALSE(job.error().message.empty());
    auto program = exec_program(context, {"/bin/echo", std::string(20'000, 'x')});
    ASSERT_FALSE(program.ok());
    EXPECT_EQ(program.error().code, ErrorCode::no_space) << program.error().message;
  }
  CommandResult told = errand({"exec", "--", "/bin/echo", std::string(20'000, 'x')});
  EXPECT_EQ(told.exit_code, 5);
  EXPECT_THAT(told.err, HasSubstr("space"));
  EXPECT_EQ(entries("jobs"), 1U);
  EXPECT_EQ(entries("staging"), 0U);
  EXPECT_EQ(entries("active"), 0U);
  make_room();
  auto job = exec(context, value_job, each(numbers(10)));
  ASSERT_TRUE(job.ok()) << job.error().message;
  EXPECT_EQ(ended(*job).status, JobStatus::finished);
  expect_values(*job, 10);
}

TEST_F(Disk, AJobWaitsForRoomAndLosesNothing) {
  NEEDS_MOUNT();
  context.cores = 2;
  auto job = exec(context, sleep_job, each(numbers(40)), 20);
  auto large = exec(context, big_value_job, each(std::vector<std::uint64_t>{4 << 20, 4 << 20, 4 << 20}));
  ASSERT_TRUE(job.ok() && large.ok());
  fill(0);
  std::this_thread::sleep_for(milliseconds(2500));
  for (const JobRef& one : {JobRef(*job), JobRef(*large)}) {
    StatusReport report = status(one);
    EXPECT_THAT(report.status, AnyOf(JobStatus::running, JobStatus::queued, JobStatus::finished))
        << report.reason;
    EXPECT_EQ(report.progress.failed, 0U) << "no task is to blame";
  }
  make_room();
  EXPECT_EQ(ended(*job).status, JobStatus::finished);
  EXPECT_EQ(ended(*large).status, JobStatus::finished);
  expect_values(*job, 40);
  auto results = large->results();
  ASSERT_TRUE(results.ok()) << results.error().message;
  EXPECT_TRUE(results->all_succeeded());
  const std::string expected(tasks::big_value(4 << 20).text());
  for (const Buffer& value : *results) EXPECT_TRUE(value.text() == expected);
}

TEST_F(Disk, OfAFullDiskJobsCanBeCanceledAndCleanedUp) {
  NEEDS_MOUNT();
  auto done = exec(context, value_job, each(numbers(10)));
  EXPECT_EQ(ended(*done).status, JobStatus::finished);
  fill(0);
  expect_values(*done, 10);
  auto cleaned = cleanup_jobs({*done}, {true, {}});
  ASSERT_TRUE(cleaned.ok()) << cleaned.error().message;
  EXPECT_EQ(cleaned->removed.size(), 1U) << ::testing::PrintToString(cleaned->warnings);
  EXPECT_EQ(status(*done).status, JobStatus::missing);
}

TEST_F(Disk, AReadOnlyPlaceCanBeReadAndRefusesTheRest) {
  NEEDS_MOUNT();
  auto done = exec(context, value_job, each(numbers(10)));
  EXPECT_EQ(ended(*done).status, JobStatus::finished);
  auto failed = exec(context, throws_int_job);
  EXPECT_EQ(ended(*failed).status, JobStatus::failed);
  end_agents(SIGTERM);
  ASSERT_TRUE(eventually([&] { return disk_->set_read_only(true); }));
  EXPECT_EQ(status(*done).status, JobStatus::finished);
  EXPECT_EQ(status(*failed).status, JobStatus::failed);
  EXPECT_EQ(ended(*done).status, JobStatus::finished);
  expect_values(*done, 10);
  EXPECT_TRUE(get_job_output(*done).ok());
  EXPECT_EQ(get_jobs(context)->size(), 2U);
  ResultOptions removing;
  removing.auto_cleanup = true;
  auto results = get_job_results<std::int64_t>(*done, removing);
  ASSERT_TRUE(results.ok()) << results.error().message;
  EXPECT_EQ((*results)[3], expected_value(3));
  auto job = exec_program(context, {"/bin/true"});
  ASSERT_FALSE(job.ok());
  EXPECT_EQ(job.error().code, ErrorCode::place_unwritable) << job.error().message;
  auto typed = exec(context, value_job, 1);
  ASSERT_FALSE(typed.ok());
  EXPECT_EQ(typed.error().code, ErrorCode::place_unwritable) << typed.error().message;
  CommandResult told = errand({"exec", "--", "/bin/true"});
  EXPECT_EQ(told.exit_code, 5);
  EXPECT_THAT(told.err, HasSubstr(share()));
  auto retried = retry_job(*failed);
  ASSERT_FALSE(retried.ok());
  EXPECT_EQ(retried.error().code, ErrorCode::place_unwritable) << retried.error().message;
  auto cleaned = cleanup_jobs({*done, *failed}, {true, {}});
  ASSERT_TRUE(cleaned.ok());
  EXPECT_EQ(cleaned->removed.size(), 0U);
  EXPECT_EQ(cleaned->warnings.size(), 2U);
  ASSERT_TRUE(disk_->set_read_only(false));
  expect_values(*done, 10);
}

TEST_F(Disk, AShareDirectoryOnAnotherFileSystemThanTheProgram) {
  NEEDS_MOUNT();
  struct stat here {};
  struct stat there {};
  ASSERT_EQ(::stat("/proc/self/exe", &here), 0);
  ASSERT_EQ(::stat(path("disk").c_str(), &there), 0);
  ASSERT_NE(here.st_dev, there.st_dev);
  auto job = exec(context, value_job, each(numbers(100)));
  ASSERT_TRUE(job.ok()) << job.error().message;
  auto large = exec(context, big_value_job, each(std::vector<std::uint64_t>{1 << 20, 70'000}));
  auto program = exec_program(context, {"/bin/echo", "{index}"});
  EXPECT_EQ(ended(*job).status, JobStatus::finished);
  EXPECT_EQ(ended(*large).status, JobStatus::finished);
  EXPECT_EQ(ended(*program).status, JobStatus::finished);
  expect_values(*job, 100);
  auto results = large->results();
  ASSERT_TRUE(results.ok());
  EXPECT_TRUE((*results)[0].text() == tasks::big_value(1 << 20).text());
  EXPECT_EQ(program->output().value_or(""), "0\n");
}

TEST_F(Disk, ADirectoryThatAnotherUserMayNotEnterIsAClearError) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs a second user";
  auto job = exec(context, value_job, 1);
  EXPECT_EQ(ended(*job).status, JobStatus::finished);
  // The configuration lies where they may not look, either: that would be said first.
  auto as_nobody = [] {
    ::unsetenv("XDG_CONFIG_HOME");
    ::setenv("HOME", "/nonexistent", 1);
    return ::setgid(65534) == 0 && ::setuid(65534) == 0;
  };
  CommandResult told = errand({"status", job->id()}, as_nobody);
  if (told.exit_code == 126) GTEST_SKIP() << "the command lies where other users cannot run it";
  EXPECT_NE(told.exit_code, 0);
  EXPECT_THAT(told.out + told.err, HasSubstr(share()));
  told = errand({"exec", "--", "/bin/true"}, as_nobody);
  EXPECT_EQ(told.exit_code, 5);
  EXPECT_THAT(told.err, HasSubstr(share()));
  EXPECT_EQ(entries("jobs"), 1U);
}

TEST_F(Disk, APlaceThatMayBeReadButNotWrittenIsAClearError) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs a second user";
  auto job = exec(context, value_job, 1);
  EXPECT_EQ(ended(*job).status, JobStatus::finished);
  std::filesystem::permissions(path(""), std::filesystem::perms::others_exec,
                               std::filesystem::perm_options::add);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(share())) {
    std::filesystem::permissions(entry.path(), std::filesystem::perms(0755));
  }
  std::filesystem::permissions(share(), std::filesystem::perms(0755));
  auto as_nobody = [] { return ::setgid(65534) == 0 && ::setuid(65534) == 0; };
  CommandResult told = errand({"exec", "--", "/bin/true"}, as_nobody);
  if (told.exit_code == 126) GTEST_SKIP() << "the command lies where other users cannot run it";
  EXPECT_EQ(told.exit_code, 5);
  EXPECT_THAT(told.err, HasSubstr(share()));
  // Readable, and yet another user's: what root submitted is not read as one's own.
  told = errand({"results", job->id()}, as_nobody);
  EXPECT_NE(told.exit_code, 0);
  EXPECT_THAT(told.out + told.err, AnyOf(HasSubstr("belongs to"), HasSubstr("owner")))
      << told.out << told.err;
  EXPECT_EQ(entries("jobs"), 1U);
}

TEST_F(Disk, ADirectoryWithoutAMarkerIsNoPlaceAndStaysAsItIs) {
  std::filesystem::create_directories(path("plain/jobs"));
  write_file(path("plain/jobs/mine"), "mine");
  auto jobs = get_jobs([&] {
    ComputeContext there = context;
    there.share_dir = path("plain");
    return there;
  }());
  ASSERT_FALSE(jobs.ok());
  EXPECT_EQ(jobs.error().code, ErrorCode::place_unreadable);
  EXPECT_THAT(jobs.error().message, HasSubstr(path("plain")));
  EXPECT_EQ(status(JobRef("rxJob_00000000000000000000000000", path("plain"))).status,
            JobStatus::undetermined);
  EXPECT_EQ(read_file(path("plain/jobs/mine")), "mine");
}

}  // namespace
}  // namespace errand::faults
