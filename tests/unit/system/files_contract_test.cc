// SPDX-License-Identifier: Apache-2.0
// What both implementations of Files promise.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "system/memory_files.h"
#include "system/temporary_name.h"
#include "temporary_directory.h"

namespace errand::system {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

struct PosixTree {
  TemporaryDirectory directory;
  std::shared_ptr<Files> files = *open_directory(directory.path());
};

struct TwinTree {
  std::shared_ptr<Files> files = MemoryFiles::make();
};

template <class Tree>
class FilesContract : public testing::Test {
 protected:
  void write(const std::string& path, std::string_view text) {
    ASSERT_TRUE(files().publish(path, text, false, true));
  }
  std::string read(const std::string& path) { return files().read_all(path, 1 << 20).value_or("(error)"); }
  Files& files() { return *tree_.files; }
  Tree tree_;
};

using Trees = testing::Types<PosixTree, TwinTree>;
TYPED_TEST_SUITE(FilesContract, Trees);

TYPED_TEST(FilesContract, AppendsAndReads) {
  const auto file = *this->files().create("log");
  ASSERT_TRUE(file->append(bytes_of("hello ")));
  ASSERT_TRUE(file->append(bytes_of("world")));
  ASSERT_TRUE(file->sync());
  EXPECT_EQ(this->read("log"), "hello world");
  std::byte part[16];
  EXPECT_EQ(*(*this->files().open_read("log"))->read_at(6, part), 5u);
  EXPECT_EQ((*file->view(6, 100)).text(), "world");
  EXPECT_EQ((*file->view(11, 1)).size(), 0u);
  EXPECT_EQ(file->info()->size, 11u);
}

TYPED_TEST(FilesContract, CreateIsExclusiveAndOpenAppendIsNot) {
  ASSERT_TRUE(this->files().open_append("a"));
  EXPECT_EQ(this->files().create("a").error().code, ErrorCode::exists);
  EXPECT_TRUE(this->files().open_append("a"));
}

TYPED_TEST(FilesContract, NamesThatAreNotThere) {
  EXPECT_EQ(this->files().open_read("a").error().code, ErrorCode::not_found);
  EXPECT_EQ(this->files().read_all("a/b", 1).error().code, ErrorCode::not_found);
  EXPECT_EQ(this->files().create("a/b").error().code, ErrorCode::not_found);
  EXPECT_EQ(this->files().remove("a").error().code, ErrorCode::not_found);
  EXPECT_EQ(this->files().remove_tree("a").error().code, ErrorCode::not_found);
  EXPECT_EQ(this->files().list("a").error().code, ErrorCode::not_found);
  EXPECT_EQ(this->files().info("a").error().code, ErrorCode::not_found);
}

TYPED_TEST(FilesContract, PathsThatLeaveTheTreeAreRefused) {
  for (const std::string path : {"../a", "a/../b", "/etc/passwd", "a//b", "a/", ".", "a/."}) {
    EXPECT_EQ(this->files().open_read(path).error().code, ErrorCode::invalid_argument) << path;
    EXPECT_FALSE(this->files().create(path)) << path;
    EXPECT_FALSE(this->files().remove_tree(path)) << path;
    EXPECT_FALSE(this->files().make_directory(path)) << path;
  }
  EXPECT_FALSE(this->files().remove_tree(""));
}

TYPED_TEST(FilesContract, LimitOfReadAll) {
  this->write("a", "12345");
  EXPECT_EQ(*this->files().read_all("a", 5), "12345");
  EXPECT_EQ(this->files().read_all("a", 4).error().code, ErrorCode::corrupt);
}

TYPED_TEST(FilesContract, DirectoriesListRenameRemove) {
  ASSERT_TRUE(this->files().make_directory("d"));
  EXPECT_EQ(this->files().make_directory("d").error().code, ErrorCode::exists);
  this->write("d/a", "1");
  this->write("d/b", "2");
  EXPECT_THAT(*this->files().list("d"), UnorderedElementsAre("a", "b"));
  ASSERT_TRUE(this->files().rename("d/a", "d/b"));
  EXPECT_EQ(this->read("d/b"), "1");
  EXPECT_EQ(this->files().remove("d").error().code, ErrorCode::exists);
  ASSERT_TRUE(this->files().rename("d", "e"));
  EXPECT_THAT(*this->files().list(""), ElementsAre("e"));
  ASSERT_TRUE(this->files().remove("e/b"));
  ASSERT_TRUE(this->files().remove("e"));
  EXPECT_THAT(*this->files().list(""), IsEmpty());
}

TYPED_TEST(FilesContract, LinkIsExclusiveAndCounted) {
  this->write("a", "1");
  this->write("c", "2");
  ASSERT_TRUE(this->files().link("a", "b"));
  EXPECT_EQ(this->files().info("a")->links, 2u);
  EXPECT_EQ(this->files().info("a")->inode, this->files().info("b")->inode);
  EXPECT_EQ(this->files().link("a", "c").error().code, ErrorCode::exists);
  EXPECT_EQ(this->files().link("a", "b").error().code, ErrorCode::exists);
  ASSERT_TRUE(this->files().remove("a"));
  EXPECT_EQ(this->files().info("b")->links, 1u);
}

TYPED_TEST(FilesContract, PublishLeavesNothingBehind) {
  ASSERT_TRUE(this->files().publish("a", "1", true, false));
  EXPECT_EQ(this->files().publish("a", "2", true, false).error().code, ErrorCode::exists);
  EXPECT_EQ(this->read("a"), "1");
  ASSERT_TRUE(this->files().publish("a", "3", true, true));
  EXPECT_EQ(this->read("a"), "3");
  EXPECT_THAT(*this->files().list(""), ElementsAre("a"));
}

TYPED_TEST(FilesContract, RemoveTree) {
  ASSERT_TRUE(this->files().make_directory("d"));
  ASSERT_TRUE(this->files().make_directory("d/e"));
  this->write("d/e/f", "1");
  ASSERT_TRUE(this->files().link("d/e/f", "kept"));
  ASSERT_TRUE(this->files().remove_tree("d"));
  EXPECT_THAT(*this->files().list(""), ElementsAre("kept"));
  EXPECT_EQ(this->files().info("kept")->links, 1u);
  ASSERT_TRUE(this->files().remove_tree("kept"));
}

TYPED_TEST(FilesContract, SharedMemoryIsSeenByReaders) {
  const auto file = *this->files().create("page");
  const auto memory = *file->share_memory(4096);
  memory[7] = std::byte{'x'};
  EXPECT_EQ(this->files().info("page")->size, 4096u);
  EXPECT_EQ(this->read("page")[7], 'x');
  const auto again = *(*this->files().open_append("page"))->share_memory(4096);
  again[8] = std::byte{'y'};
  EXPECT_EQ(memory[8], std::byte{'y'});
}

TYPED_TEST(FilesContract, PunchedHoleReadsAsZeros) {
  const auto file = *this->files().create("a");
  ASSERT_TRUE(file->append(bytes_of(std::string(16384, 'x'))));
  const auto punched = file->punch_hole(4096, 4096);
  if (!punched && punched.error().code == ErrorCode::not_supported) GTEST_SKIP() << "no holes here";
  ASSERT_TRUE(punched);
  const std::string content = this->read("a");
  EXPECT_EQ(content.size(), 16384u);
  EXPECT_EQ(std::count(content.begin(), content.end(), '\0'), 4096);
  EXPECT_EQ(content[4095], 'x');
  EXPECT_EQ(content[8192], 'x');
}

TYPED_TEST(FilesContract, ImportFile) {
  const TemporaryDirectory outside;
  ASSERT_TRUE((*open_directory(outside.path()))->publish("program", std::string(200'000, 'p'), false, true));
  ASSERT_TRUE(this->files().import_file(outside.path("program"), "copy", true));
  EXPECT_EQ(this->read("copy"), std::string(200'000, 'p'));
  EXPECT_EQ(this->files().info("copy")->mode, 0500u);
  EXPECT_EQ(this->files().info("copy")->links, 1u);
  EXPECT_EQ(this->files().import_file(outside.path("program"), "copy", true).error().code, ErrorCode::exists);
  EXPECT_EQ(this->files().import_file(outside.path("none"), "other", true).error().code,
            ErrorCode::not_found);
  ASSERT_TRUE(this->files().import_file(outside.path("program"), "data", false));
  EXPECT_EQ(this->files().info("data")->mode, 0400u);
  EXPECT_THAT(*this->files().list(""), UnorderedElementsAre("copy", "data"));
}

TYPED_TEST(FilesContract, WatchTellsOfEveryKindOfChange) {
  ASSERT_TRUE(this->files().make_directory("d"));
  const auto watch = *this->files().watch();
  ASSERT_TRUE(watch->add("d"));
  EXPECT_THAT(*watch->wait(std::chrono::milliseconds(0)), IsEmpty());
  const auto happened = [&](Change::Kind kind, const std::string& name) {
    const auto changes = *watch->wait(std::chrono::seconds(10));
    return std::any_of(changes.begin(), changes.end(), [&](const Change& change) {
      return change.kind == kind && change.name == name && change.directory == "d";
    });
  };
  auto file = *this->files().create("d/a");
  EXPECT_TRUE(happened(Change::Kind::created, "a"));
  ASSERT_TRUE(file->append(bytes_of("x")));
  EXPECT_TRUE(happened(Change::Kind::modified, "a"));
  ASSERT_TRUE(this->files().rename("d/a", "d/b"));
  EXPECT_TRUE(happened(Change::Kind::moved_in, "b"));
  ASSERT_TRUE(this->files().remove("d/b"));
  EXPECT_TRUE(happened(Change::Kind::removed, "b"));
  file.reset();  // an open file keeps its directory, and inotify from telling
  ASSERT_TRUE(this->files().remove_tree("d"));
  EXPECT_TRUE(happened(Change::Kind::removed, ""));
}

TYPED_TEST(FilesContract, RemovedWatchIsSilent) {
  ASSERT_TRUE(this->files().make_directory("d"));
  const auto watch = *this->files().watch();
  ASSERT_TRUE(watch->add("d"));
  watch->remove("d");
  this->write("d/a", "1");
  EXPECT_THAT(*watch->wait(std::chrono::milliseconds(0)), IsEmpty());
  EXPECT_FALSE(watch->add("nowhere"));
}

TEST(TemporaryName, IsBesideAndUnlikeAnyOther) {
  EXPECT_EQ(parent_of(temporary_beside("a/b/c")), "a/b");
  EXPECT_EQ(parent_of(temporary_beside("c")), "");
  EXPECT_NE(temporary_beside("c"), temporary_beside("c"));
}

}  // namespace
}  // namespace errand::system
