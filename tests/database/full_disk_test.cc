// SPDX-License-Identifier: Apache-2.0
// The tables of blocks lie on a disk of their own, and it becomes full.
#include <pwd.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>

#include "launchpad_fixture.h"

namespace errand::database {
namespace {

using testing::HasSubstr;

constexpr std::uintmax_t room_besides = std::uintmax_t{48} << 20;
constexpr std::size_t large_size = std::size_t{20} << 20;

int length_of_text(std::string text) {
  return static_cast<int>(text.size());
}
const Function<int, std::string> length_of = function("database.length_of", length_of_text);

/// Nothing makes it smaller.
std::string large_argument() {
  std::mt19937_64 random(7);
  std::string text(large_size, ' ');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

/// Alone on the server, and left out where a file system cannot be mounted for the server to see.
class DatabaseServerFullDiskTest : public LaunchpadFixture {
 protected:
  void SetUp() override {
    LaunchpadFixture::SetUp();
    if (IsSkipped()) return;
    const passwd* server = geteuid() == 0 ? getpwnam("postgres") : nullptr;
    if (server == nullptr) GTEST_SKIP() << "only root mounts a disk for the server";
    disk_ = file("disk");
    std::filesystem::create_directory(disk_);
    // The tests' program is stored as well, once for alice and once for bob, however large a build makes it.
    const std::uintmax_t program = std::filesystem::file_size("/proc/self/exe");
    const std::uintmax_t size = 2 * (program + program / 16) + room_besides;
    const std::string options = "mode=0700,uid=" + std::to_string(server->pw_uid) +
                                ",gid=" + std::to_string(server->pw_gid) + ",size=" + std::to_string(size);
    is_mounted_ = ::mount("none", disk_.c_str(), "tmpfs", 0, options.c_str()) == 0;
    if (!is_mounted_) GTEST_SKIP() << "no disk can be mounted here: perhaps a container's root";
    name_ = "errand_full_" + std::to_string(getpid());
    must("truncate errand.directory cascade");
    must("create tablespace " + name_ + " location '" + disk_ + "'");
    move_blocks(name_);
  }
  void TearDown() override {
    if (is_mounted_) {
      make_room();
      for (Running& launchpad : launchpads_) stop(launchpad);
      (void)own_administrator().run_script(
          "truncate errand.directory cascade");  // no room is no reason to fail
      move_blocks("pg_default");
      must("truncate errand.directory cascade");
      must("drop tablespace " + name_);
      EXPECT_EQ(::umount2(disk_.c_str(), MNT_DETACH), 0);
    }
    LaunchpadFixture::TearDown();
  }

  void must(const std::string& sql) {
    auto done = own_administrator().run_script(sql);
    EXPECT_TRUE(done) << sql << ": " << (done ? "" : done.error().message);
  }
  void move_blocks(const std::string& tablespace) {
    must("alter table errand.block set tablespace " + tablespace);
    must("alter index errand.block_pkey set tablespace " + tablespace);
  }
  std::int64_t number(const std::string& sql) {
    auto rows = own_administrator().run(sql);
    EXPECT_TRUE(rows) << (rows ? "" : rows.error().message);
    return rows && rows->count() == 1 ? rows->number(0, 0) : -1;
  }
  Running& launch() {
    launchpads_.push_back(start());
    return launchpads_.back();
  }

  [[nodiscard]] std::uintmax_t room() const { return std::filesystem::space(disk_).available; }
  /// Somebody else's data, up to so many bytes.
  void fill(std::uintmax_t left = 0) const {
    std::ofstream filler(disk_ + "/filler", std::ios::binary | std::ios::app);
    const std::string piece(64U << 10, 'f');
    while (filler && room() > left) {
      filler.write(piece.data(),
                   static_cast<std::streamsize>(std::min<std::uintmax_t>(piece.size(), room() - left)));
      filler.flush();
    }
  }
  void make_room() const { std::filesystem::remove(disk_ + "/filler"); }

  std::string disk_;
  std::string name_;
  bool is_mounted_ = false;
  std::vector<Running> launchpads_;
};

TEST_F(DatabaseServerFullDiskTest, ASubmissionThatFindsNoRoomLeavesNothing) {
  const ComputeContext context = leaving("alice");
  const std::string large = large_argument();
  // The program is there before: what fails is the job itself.
  auto first = exec(context, echo_after, 1);
  ASSERT_TRUE(first) << first.error().message;
  fill(room_besides / 8);
  for (int i = 0; i < 3; ++i) {
    auto job = exec(context, length_of, each(std::vector<std::string>{large}));
    ASSERT_FALSE(job);
    EXPECT_EQ(job.error().code, ErrorCode::no_space) << job.error().message;
    EXPECT_TRUE(job.error().transient);
    EXPECT_THAT(job.error().hint, HasSubstr("make room"));
  }
  EXPECT_EQ(number("select count(*)::bigint from errand.directory where path ~ '^(jobs|staging)/'"), 1);
  auto listed = get_jobs(context);
  ASSERT_TRUE(listed) << listed.error().message;
  EXPECT_EQ(listed->size(), 1u);

  make_room();
  launch();
  auto job = exec(context, length_of, each(std::vector<std::string>{large}));
  ASSERT_TRUE(job) << job.error().message;
  ASSERT_TRUE(wait_for_job(*job));
  auto results = job->results();
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_EQ((*results)[0], static_cast<int>(large.size()));
  ASSERT_TRUE(wait_for_job(*first));
}

TEST_F(DatabaseServerFullDiskTest, AProgramThatFindsNoRoomLeavesNothing) {
  fill(room_besides / 8);
  for (int i = 0; i < 3; ++i) {
    auto job = exec(leaving("alice"), echo_after, 1);
    ASSERT_FALSE(job);
    EXPECT_EQ(job.error().code, ErrorCode::no_space) << job.error().message;
  }
  EXPECT_EQ(number("select count(*)::bigint from errand.block"), 0);
}

TEST_F(DatabaseServerFullDiskTest, WhatTasksMadeWaitsForRoomAndNothingIsLost) {
  Running& launchpad = launch();
  const std::vector<int> sizes{100, 8'000'000};
  auto warm = exec(context_of("alice"), echo_after, 1);  // stores the program
  ASSERT_TRUE(warm) << warm.error().message;
  fill(room_besides / 16);
  auto job = exec(leaving("alice"), large_value, each(sizes));
  ASSERT_TRUE(job) << job.error().message;
  EXPECT_TRUE(eventually([&] { return log_of(launchpad).find("53100") != std::string::npos; }));
  EXPECT_THAT(log_of(launchpad), HasSubstr("it is tried again"));
  fill();
  const std::string told =
      "select count(*)::bigint from pg_locks where locktype = 'advisory' and classid = 25973";
  EXPECT_TRUE(eventually([&] { return number(told) == 1; }));
  auto status = get_job_status(*job);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_TRUE(status->status == JobStatus::running || status->status == JobStatus::queued) << status->reason;
  EXPECT_EQ(status->progress.failed, 0u) << "no task is to blame";
  // What is said of the tasks under way is the last thing that was heard of them.
  EXPECT_TRUE(status->progress.running > 0 || status->reason.find("no room") != std::string::npos)
      << status->reason;

  make_room();
  ASSERT_TRUE(wait_for_job(*job));
  auto results = job->results();
  ASSERT_TRUE(results) << results.error().message;
  for (std::size_t i = 0; i < sizes.size(); ++i)
    EXPECT_EQ((*results)[i].size(), static_cast<std::size_t>(sizes[i]));
  EXPECT_TRUE(eventually([&] { return log_of(launchpad).find("is carried again") != std::string::npos; }));
  EXPECT_TRUE(eventually([&] { return number(told) == 0; }));
  auto next = exec(context_of("bob"), echo_after, 2);
  ASSERT_TRUE(next) << next.error().message;
  EXPECT_EQ((*next->results())[0], 2);
}

TEST_F(DatabaseServerFullDiskTest, OnlyAJobThatFindsNoRoomSaysSo) {
  launch();
  auto quiet = exec(leaving("bob"), wait_for_file, each(std::vector<int>{1}),
                    each(std::vector<std::string>{file("go")}));
  ASSERT_TRUE(quiet) << quiet.error().message;
  ASSERT_TRUE(eventually([&] {
    auto status = get_job_status(*quiet);
    return status && status->progress.running == 1;
  }));
  auto warm = exec(context_of("alice"), echo_after, 1);
  ASSERT_TRUE(warm) << warm.error().message;
  fill(room_besides / 16);
  auto large = exec(leaving("alice"), large_value, each(std::vector<int>{8'000'000}));
  ASSERT_TRUE(large) << large.error().message;
  EXPECT_TRUE(eventually([&] {
    auto status = get_job_status(*large);
    return status && status->reason.find("no room") != std::string::npos;
  }));
  auto status = get_job_status(*quiet);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(status->status, JobStatus::running);
  EXPECT_EQ(status->reason.find("no room"), std::string::npos) << status->reason;
  make_room();
  let_go("go");
  ASSERT_TRUE(wait_for_job(*large));
  ASSERT_TRUE(wait_for_job(*quiet));
}

TEST_F(DatabaseServerFullDiskTest, AJobThatHasBegunStaysRunningAndOthersGoOn) {
  launch();
  auto of_bob = exec(context_of("bob"), echo_after, 1);  // everybody's program is there, every worker warm
  ASSERT_TRUE(of_bob) << of_bob.error().message;
  auto job = exec(leaving("alice"), wait_for_file, each(std::vector<int>{0, 1}),
                  each(std::vector<std::string>{file("done"), file("go")}));
  ASSERT_TRUE(job) << job.error().message;
  let_go("done");
  ASSERT_TRUE(eventually([&] {
    auto status = get_job_status(*job);
    return status && status->progress.succeeded == 1;
  }));
  fill();
  let_go("go");
  // Until a page has room by chance nothing of it arrives; whatever does, it is never said to have failed.
  for (int i = 0; i < 20; ++i) {
    auto status = get_job_status(*job);
    ASSERT_TRUE(status) << status.error().message;
    EXPECT_TRUE(status->status == JobStatus::running || status->status == JobStatus::finished)
        << status->reason;
    usleep(100'000);
  }
  make_room();
  auto ended = wait_for_job(*job);
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->status, JobStatus::finished) << ended->reason;
  auto next = exec(context_of("bob"), echo_after, 2);
  ASSERT_TRUE(next) << next.error().message;
  EXPECT_EQ((*next->results())[0], 2);
}

}  // namespace
}  // namespace errand::database
