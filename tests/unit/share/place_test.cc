// SPDX-License-Identifier: Apache-2.0
#include "share/place.h"

#include <algorithm>

#include "unit/share/share_fixture.h"

namespace errand::share {
namespace {

using PlaceTest = ShareTest;

TEST_F(PlaceTest, WithoutMarkerIsNoPlace) {
  auto empty = system::MemoryFiles::make();
  auto opened = Place::open(empty, "/elsewhere", false, clock);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::place_unreadable);
  EXPECT_NE(opened.error().message.find("/elsewhere"), std::string::npos);
}

TEST_F(PlaceTest, OfANewerFormatIsRefusedWithBothVersions) {
  ASSERT_TRUE(files->publish("errand-share", "errand-share 2.0 abc\n", true, true).ok());
  auto opened = Place::open(files, "/place", true, clock);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::version_mismatch);
  EXPECT_NE(opened.error().message.find("format 2"), std::string::npos);
  EXPECT_NE(opened.error().message.find("format 1"), std::string::npos);
}

TEST_F(PlaceTest, OfANewerMinorIsRead) {
  ASSERT_TRUE(files->publish("errand-share", "errand-share 1.7 abc\n", true, true).ok());
  EXPECT_TRUE(Place::open(files, "/place", false, clock).ok());
}

TEST_F(PlaceTest, ARemovedJobLeavesATombstoneForSevenDays) {
  std::string id = publish(1);
  std::vector<std::string> removed;
  ASSERT_TRUE(place->remove_job(id, "cleaned up", [&](auto path) { removed.emplace_back(path); }).ok());
  EXPECT_EQ(removed.size(), 1U);
  EXPECT_FALSE(JobDirectory::open(place, id).ok());
  ASSERT_TRUE(place->find_tombstone(id));
  EXPECT_EQ(place->find_tombstone(id)->why, "cleaned up");
  clock.now += 8LL * 24 * 3600 * 1'000'000'000;
  EXPECT_FALSE(place->find_tombstone(id));
  auto again = place->remove_job(id, "cleaned up");
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, ErrorCode::job_missing);
  EXPECT_TRUE(place->active_ids()->empty());
}

TEST_F(PlaceTest, ListsOnlyWhatCanBeAJob) {
  std::string id = publish(1);
  ASSERT_TRUE(files->make_directory("jobs/lost+found").ok());
  ASSERT_TRUE(files->make_directory("jobs/rxJob_x").ok());
  EXPECT_EQ(*place->job_ids(), std::vector<std::string>{id});
}

TEST_F(PlaceTest, APublishedJobIsMarkedActiveAndOutlivesAPowerCut) {
  std::string id = publish(5);
  EXPECT_EQ(*place->active_ids(), std::vector<std::string>{id});
  files->tree().power_cut();
  auto after = files->tree().open();
  auto reopened = Place::open(after, "/place", false, clock);
  ASSERT_TRUE(reopened.ok()) << reopened.error().message;
  auto job = JobDirectory::open(*reopened, id);
  ASSERT_TRUE(job.ok()) << job.error().message;
  auto tasks = (*job)->tasks();
  ASSERT_TRUE(tasks.ok()) << tasks.error().message;
  EXPECT_EQ((*tasks)->total(), 5U);
  EXPECT_TRUE((*tasks)->closed());
}

TEST_F(PlaceTest, SweepEmptiesTheTrashAndAbandonedSubmissions) {
  ASSERT_TRUE(files->make_directory("trash/x.1").ok());
  ASSERT_TRUE(files->make_directory("staging/abandoned").ok());
  clock.now += 2LL * 365 * 24 * 3600 * 1'000'000'000;
  place->sweep();
  EXPECT_TRUE(files->list("trash")->empty());
  EXPECT_TRUE(files->list("staging")->empty());
}

}  // namespace
}  // namespace errand::share
