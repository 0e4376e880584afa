// SPDX-License-Identifier: Apache-2.0
// What a submitter who never cleans up leaves behind is removed without him.
#include "launchpad/place_sweeper.h"

#include "database_fixture.h"
#include "launchpad/patience.h"
#include "share/names.h"
#include "system/clock.h"

namespace errand::launchpad {
namespace {

using database::DatabaseFiles;
using database::Parameters;

constexpr std::int64_t day_ns = 86'400'000'000'000;

class DatabasePlaceSweeper : public database::DatabaseFixture {
 protected:
  void SetUp() override {
    DatabaseFixture::SetUp();
    if (IsSkipped()) return;
    alice_ = open_files("alice");
    bob_ = open_files("bob");
    sweeper_ = std::make_unique<PlaceSweeper>(target_as("launchpad"), 0);
  }
  void TearDown() override {
    for (auto& files : {alice_, bob_}) {
      if (files) (void)files->remove(program_);
    }
  }
  static std::string tombstone(std::int64_t age_ns) {
    const std::int64_t now_ns = system::system_clock().now_ns();
    return share::make_job_id(now_ns) + " " + std::to_string(now_ns - age_ns) + " its results were fetched\n";
  }
  static void leave(DatabaseFiles& files, const std::string& line) {
    auto file = files.open_append("tombstones");
    ASSERT_TRUE(file) << file.error().message;
    ASSERT_TRUE((*file)->append(std::as_bytes(std::span(line))));
  }
  static bool has(DatabaseFiles& files, const std::string& line) {
    return files.read_all("tombstones", 64 << 20).value_or("").find(line) != std::string::npos;
  }
  /// Of nobody's job for an hour.
  void leave_program(DatabaseFiles& files) {
    ASSERT_TRUE(files.publish(program_, "machine code", true, true));
    auto aged = administrator().run(
        "update errand.block set written = written - interval '1 hour' where 'programs/' || file = $1",
        Parameters().text(program_));
    ASSERT_TRUE(aged);
  }
  void sweep(std::int64_t now_ns) {
    sweeper_->tend(now_ns);
    for (int i = 0; i < 1000 && sweeper_->is_sweeping(); ++i) usleep(10'000);
    ASSERT_FALSE(sweeper_->is_sweeping());
  }

  const std::string program_ = "programs/of-" + share::make_job_id(system::system_clock().now_ns());
  std::shared_ptr<DatabaseFiles> alice_;
  std::shared_ptr<DatabaseFiles> bob_;
  std::unique_ptr<PlaceSweeper> sweeper_;
};

TEST_F(DatabasePlaceSweeper, RemovesWhatNoJobNeedsFromWhomItServed) {
  const std::string old = tombstone(8 * day_ns);
  const std::string fresh = tombstone(day_ns);
  for (auto& files : {alice_, bob_}) {
    leave(*files, old);
    leave(*files, fresh);
    leave_program(*files);
  }
  sweeper_->serves("alice");
  sweep(sweep_interval_ns - 1);
  EXPECT_TRUE(has(*alice_, old)) << "not yet";
  sweep(sweep_interval_ns);
  EXPECT_FALSE(has(*alice_, old));
  EXPECT_TRUE(has(*alice_, fresh));
  EXPECT_EQ(alice_->info(program_).error().code, ErrorCode::not_found);
  EXPECT_TRUE(has(*bob_, old)) << "he was not served";
  EXPECT_TRUE(bob_->info(program_));

  sweeper_->serves("bob");
  sweep(2 * sweep_interval_ns);
  EXPECT_FALSE(has(*bob_, old));
  EXPECT_TRUE(has(*bob_, fresh));
}

TEST_F(DatabasePlaceSweeper, EndsWithoutWaitingForItsSweep) {
  leave(*alice_, tombstone(8 * day_ns));
  auto& administrator = this->administrator();
  ASSERT_TRUE(administrator.run_script("begin; lock table errand.block in access exclusive mode"));
  sweeper_->serves("alice");
  sweeper_->tend(sweep_interval_ns);
  EXPECT_TRUE(sweeper_->is_sweeping());
  sweeper_.reset();
  ASSERT_TRUE(administrator.run_script("rollback"));
}

}  // namespace
}  // namespace errand::launchpad
