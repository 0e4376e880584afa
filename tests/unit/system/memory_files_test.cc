// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "system/memory_files.h"
#include "temporary_directory.h"

namespace errand::system {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class MemoryFilesTest : public testing::Test {
 protected:
  static Result<void> append(Files& files, const std::string& path, std::string_view text) {
    const auto file = files.open_append(path);
    return file ? (*file)->append(bytes_of(text)) : Result<void>(file.error());
  }
  static std::string read(Files& files, const std::string& path) {
    return files.read_all(path, 1 << 20).value_or("(error)");
  }
  std::shared_ptr<MemoryTree> tree_ = MemoryTree::make();
  std::shared_ptr<MemoryFiles> files_ = tree_->open();
};

TEST_F(MemoryFilesTest, PowerCutKeepsWhatWasSynced) {
  const auto file = *files_->create("a");
  ASSERT_TRUE(file->append(bytes_of("kept")));
  ASSERT_TRUE(file->sync());
  ASSERT_TRUE(file->append(bytes_of("lost")));
  ASSERT_TRUE(files_->sync_directory(""));
  tree_->power_cut();
  EXPECT_EQ(read(*files_, "a"), "kept");
  EXPECT_FALSE(file->append(bytes_of("x")));
}

TEST_F(MemoryFilesTest, PowerCutForgetsNamesThatWereNotSynced) {
  ASSERT_TRUE((*files_->create("a"))->sync());
  tree_->power_cut();
  EXPECT_THAT(*files_->list(""), IsEmpty());
}

TEST_F(MemoryFilesTest, PowerCutShowsAnUnsyncedFileUnderASyncedName) {
  ASSERT_TRUE(append(*files_, "a", "content"));
  ASSERT_TRUE(files_->sync_directory(""));
  tree_->power_cut();
  EXPECT_EQ(read(*files_, "a"), "");
}

TEST_F(MemoryFilesTest, PowerCutUndoesUnsyncedRemovalAndRename) {
  ASSERT_TRUE(files_->publish("a", "1", true, true));
  ASSERT_TRUE(files_->publish("b", "2", true, true));
  ASSERT_TRUE(files_->remove("a"));
  ASSERT_TRUE(files_->rename("b", "c"));
  tree_->power_cut();
  EXPECT_THAT(*files_->list(""), ElementsAre("a", "b"));
  EXPECT_EQ(read(*files_, "b"), "2");
}

TEST_F(MemoryFilesTest, DurablePublishSurvivesAndTheOtherDoesNot) {
  ASSERT_TRUE(files_->publish("durable", "1", true, false));
  ASSERT_TRUE(files_->publish("recorded", "2", false, false));
  tree_->power_cut();
  EXPECT_THAT(*files_->list(""), ElementsAre("durable"));
  EXPECT_EQ(files_->info("durable")->links, 1u);
}

TEST_F(MemoryFilesTest, FailsTheOperationAskedFor) {
  files_->faults().fail(Operation::append, 2, no_space_fault());
  EXPECT_TRUE(append(*files_, "a", "1"));
  EXPECT_EQ(append(*files_, "a", "2").error().code, ErrorCode::no_space);
  EXPECT_TRUE(append(*files_, "a", "3"));
  EXPECT_EQ(read(*files_, "a"), "13");
  EXPECT_EQ(files_->faults().count(Operation::append), 3u);
}

TEST_F(MemoryFilesTest, FailsEverythingFromAMomentOn) {
  files_->faults().fail_from(Operation::any, 3, unwritable_fault());
  EXPECT_TRUE(append(*files_, "a", "1"));
  EXPECT_EQ(files_->list("").error().code, ErrorCode::place_unwritable);
  EXPECT_FALSE(files_->create("b"));
  files_->faults().clear();
  EXPECT_TRUE(files_->create("b"));
}

TEST_F(MemoryFilesTest, ShortAppendLeavesHalf) {
  files_->faults().fail(Operation::append, 1, io_fault(), FaultPlan::Manner::half);
  EXPECT_FALSE(append(*files_, "a", "123456"));
  EXPECT_EQ(read(*files_, "a"), "123");
}

TEST_F(MemoryFilesTest, LostAnswerReportsWhatWasDone) {
  files_->faults().fail(Operation::rename, 1, io_fault(), FaultPlan::Manner::afterwards);
  ASSERT_TRUE(files_->create("a"));
  EXPECT_FALSE(files_->rename("a", "b"));
  EXPECT_THAT(*files_->list(""), ElementsAre("b"));
  files_->faults().fail(Operation::link, 1, io_fault(), FaultPlan::Manner::afterwards);
  EXPECT_TRUE(files_->link("b", "c"));
}

TEST_F(MemoryFilesTest, FailedPublishCleansUp) {
  files_->faults().fail(Operation::sync, 1, io_fault());
  EXPECT_FALSE(files_->publish("a", "1", true, true));
  EXPECT_THAT(*files_->list(""), IsEmpty());
}

TEST_F(MemoryFilesTest, LocksBelongToProcesses) {
  const auto other = tree_->open();
  auto mine = *files_->open_append("lock");
  const auto theirs = *other->open_append("lock");
  EXPECT_TRUE(*mine->try_lock());
  EXPECT_FALSE(*mine->is_locked());
  EXPECT_FALSE(*theirs->try_lock());
  EXPECT_TRUE(*theirs->is_locked());
  files_->kill();
  EXPECT_FALSE(mine->append(bytes_of("x")));
  EXPECT_FALSE(files_->list(""));
  EXPECT_TRUE(*theirs->try_lock());
}

TEST_F(MemoryFilesTest, LocalLocksAreAlwaysToBeHad) {
  const auto other = tree_->open();
  other->keep_locks_local();
  const auto mine = *files_->open_append("lock");
  const auto theirs = *other->open_append("lock");
  ASSERT_TRUE(*mine->try_lock());
  EXPECT_TRUE(*theirs->try_lock());
  EXPECT_FALSE(*theirs->is_locked());
}

TEST_F(MemoryFilesTest, ClosingAnyDescriptorDropsTheLock) {
  const auto other = tree_->open();
  const auto mine = *files_->open_append("lock");
  ASSERT_TRUE(*mine->try_lock());
  ASSERT_TRUE(files_->open_read("lock"));  // closed again at once
  EXPECT_FALSE(*(*other->open_read("lock"))->is_locked());
}

TEST_F(MemoryFilesTest, DelayedReaderSeesChangesLate) {
  const auto reader = tree_->open_delayed(3);
  EXPECT_TRUE(reader->is_network());
  ASSERT_TRUE(append(*files_, "a", "1"));
  EXPECT_FALSE(reader->info("a"));
  EXPECT_FALSE(reader->info("a"));
  EXPECT_TRUE(reader->info("a"));
  const auto file = *reader->open_read("a");
  ASSERT_TRUE(append(*files_, "a", "2"));
  EXPECT_EQ((*file->view(0, 10)).text(), "1");
  reader->advance();
  EXPECT_EQ((*file->view(0, 10)).text(), "12");
}

TEST_F(MemoryFilesTest, DelayedWriterSeesItsOwnChangesAndNothingElse) {
  const auto writer = tree_->open_delayed(1000);
  ASSERT_TRUE(files_->make_directory("d"));
  writer->advance();
  ASSERT_TRUE(append(*files_, "d/theirs", "1"));
  ASSERT_TRUE(append(*writer, "d/own", "1"));
  ASSERT_TRUE(append(*writer, "d/own", "2"));
  EXPECT_EQ(read(*writer, "d/own"), "12");
  ASSERT_TRUE(writer->rename("d/own", "d/renamed"));
  EXPECT_THAT(*writer->list("d"), ElementsAre("renamed"));
  ASSERT_TRUE(writer->remove("d/renamed"));
  EXPECT_THAT(*writer->list("d"), IsEmpty());
  writer->advance();
  EXPECT_THAT(*writer->list("d"), ElementsAre("theirs"));
}

TEST_F(MemoryFilesTest, DelayedWatchTellsNoSooner) {
  const auto reader = tree_->open_delayed(1000);
  const auto watch = *reader->watch();
  ASSERT_TRUE(watch->add(""));
  ASSERT_TRUE(append(*files_, "a", "1"));
  EXPECT_THAT(*watch->wait(std::chrono::milliseconds(0)), IsEmpty());
  reader->advance();
  EXPECT_FALSE(watch->wait(std::chrono::milliseconds(0))->empty());
  EXPECT_TRUE(reader->info("a"));
}

TEST_F(MemoryFilesTest, OverflowIsTold) {
  const auto watch = *files_->watch();
  tree_->overflow_watches();
  const auto changes = *watch->wait(std::nullopt);
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].kind, Change::Kind::overflow);
}

TEST_F(MemoryFilesTest, PlantedThings) {
  ASSERT_TRUE(files_->make_directory("d"));
  tree_->plant_link("d/link");
  EXPECT_EQ(files_->open_read("d/link").error().code, ErrorCode::corrupt);
  EXPECT_EQ(files_->open_read("d/link/a").error().code, ErrorCode::corrupt);
  EXPECT_EQ(files_->create("d/link/a").error().code, ErrorCode::corrupt);
  EXPECT_EQ(files_->info("d/link")->kind, FileInfo::Kind::link);
  tree_->plant_file("d/a", "bad bytes");
  EXPECT_EQ(read(*files_, "d/a"), "bad bytes");
  tree_->set_owner("d/a", 4711);
  EXPECT_EQ(files_->info("d/a")->owner, 4711u);
  tree_->set_now(1'000'000);
  ASSERT_TRUE(append(*files_, "d/a", "x"));
  EXPECT_GT(files_->info("d/a")->modified_ns, 1'000'000);
}

TEST(ThreadMemoryFiles, AppendersDoNotDisturbEachOther) {
  const auto tree = MemoryTree::make();
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 4; ++writer) {
    writers.emplace_back([&tree, name = "log" + std::to_string(writer)] {
      const auto files = tree->open();
      const auto file = *files->create(name);
      for (int i = 0; i < 200; ++i) EXPECT_TRUE(file->append(bytes_of("x")));
    });
  }
  for (std::thread& writer : writers) writer.join();
  const auto files = tree->open();
  for (int writer = 0; writer < 4; ++writer) {
    EXPECT_EQ(files->info("log" + std::to_string(writer))->size, 200u);
  }
}

TEST(ThreadMemoryFiles, WatchWakesAWaiter) {
  const auto tree = MemoryTree::make();
  const auto files = tree->open();
  const auto watch = *files->watch();
  ASSERT_TRUE(watch->add(""));
  std::thread writer([&tree] { ASSERT_TRUE(tree->open()->create("a")); });
  const auto changes = *watch->wait(std::nullopt);
  writer.join();
  ASSERT_FALSE(changes.empty());
  EXPECT_EQ(changes[0].name, "a");
}

}  // namespace
}  // namespace errand::system
