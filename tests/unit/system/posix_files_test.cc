// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "system/beneath.h"
#include "system/descriptor.h"
#include "system/posix_files.h"
#include "temporary_directory.h"

namespace errand::system {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class PosixFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(make_directories(directory_.path("share")));
    files_ = *open_directory(directory_.path("share"));
    ASSERT_TRUE(make_directories(directory_.path("outside/deep")));
    std::ofstream(directory_.path("outside/secret")) << "secret";
    ASSERT_EQ(symlink("../outside", directory_.path("share/link").c_str()), 0);
    ASSERT_EQ(symlink("../outside/secret", directory_.path("share/file").c_str()), 0);
  }
  bool outside_is_whole() const {
    return access(directory_.path("outside/secret").c_str(), F_OK) == 0 &&
           access(directory_.path("outside/deep").c_str(), F_OK) == 0;
  }
  static std::string marker() { return "is a symbolic link"; }

  TemporaryDirectory directory_;
  std::shared_ptr<Files> files_;
};

TEST_F(PosixFilesTest, NoPathLeadsThroughAPlantedLink) {
  const auto expect_refused = [](const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::corrupt);
    EXPECT_THAT(error.message, HasSubstr(marker()));
  };
  expect_refused(files_->open_read("file").error());
  expect_refused(files_->open_read("link/secret").error());
  expect_refused(files_->read_all("file", 100).error());
  expect_refused(files_->open_append("file").error());
  expect_refused(files_->create("link/new").error());
  expect_refused(files_->info("link/secret").error());
  expect_refused(files_->make_directory("link/new").error());
  expect_refused(files_->list("link/deep").error());
  expect_refused(files_->rename("link/secret", "stolen").error());
  expect_refused(files_->link("link/secret", "stolen").error());
  expect_refused(files_->remove("link/secret").error());
  expect_refused(files_->remove_tree("link/deep").error());
  expect_refused(files_->sync_directory("link/deep").error());
  expect_refused((*files_->watch())->add("link/deep").error());
  EXPECT_FALSE(files_->list("link"));
  EXPECT_FALSE((*files_->watch())->add("link"));
  EXPECT_FALSE(files_->import_file("/bin/sh", "link/sh", true));
  EXPECT_TRUE(outside_is_whole());
  EXPECT_EQ(files_->info("link")->kind, FileInfo::Kind::link);
}

TEST_F(PosixFilesTest, StepsRefuseLinksAsOpenat2Does) {
  const Descriptor root(open(directory_.path("share").c_str(), O_RDONLY | O_DIRECTORY));
  ASSERT_TRUE(files_->make_directory("d"));
  ASSERT_TRUE(files_->publish("d/a", "x", false, true));
  ASSERT_EQ(symlink("a", directory_.path("share/d/l").c_str()), 0);
  EXPECT_TRUE(open_by_steps(root.get(), "d/a", O_RDONLY));
  EXPECT_TRUE(open_by_steps(root.get(), "", O_RDONLY | O_DIRECTORY));
  for (const std::string path : {"file", "link/secret", "link/deep", "d/l"}) {
    EXPECT_FALSE(open_by_steps(root.get(), path, O_RDONLY)) << path;
    EXPECT_EQ(errno, ELOOP) << path;
    EXPECT_FALSE(open_beneath(root.get(), path, O_RDONLY)) << path;
    EXPECT_EQ(errno, ELOOP) << path;
  }
  EXPECT_FALSE(open_by_steps(root.get(), "none/a", O_RDONLY));
  EXPECT_EQ(errno, ENOENT);
  EXPECT_FALSE(open_by_steps(root.get(), "d/a/b", O_RDONLY));
  EXPECT_EQ(errno, ENOTDIR);
}

TEST_F(PosixFilesTest, RemoveTreeRemovesLinksAndWhatIsLockedAway) {
  ASSERT_TRUE(files_->make_directory("d"));
  ASSERT_EQ(symlink("../../outside", directory_.path("share/d/away").c_str()), 0);
  ASSERT_TRUE(files_->make_directory("d/locked"));
  ASSERT_TRUE(files_->publish("d/locked/a", "x", false, true));
  ASSERT_EQ(chmod(directory_.path("share/d/locked").c_str(), 0), 0);
  ASSERT_EQ(mkfifo(directory_.path("share/d/fifo").c_str(), 0600), 0);
  ASSERT_TRUE(files_->remove_tree("d"));
  ASSERT_TRUE(files_->remove_tree("link"));
  ASSERT_TRUE(files_->remove_tree("file"));
  EXPECT_THAT(*files_->list(""), ElementsAre());
  EXPECT_TRUE(outside_is_whole());
}

TEST_F(PosixFilesTest, RemoveTreeOfAnyDepth) {
  ASSERT_TRUE(files_->make_directory("d"));
  Descriptor at(open(directory_.path("share/d").c_str(), O_RDONLY | O_DIRECTORY));
  for (int level = 0; level < 300; ++level) {
    ASSERT_EQ(mkdirat(at.get(), "d", 0700), 0);
    at = Descriptor(openat(at.get(), "d", O_RDONLY | O_DIRECTORY));
  }
  ASSERT_EQ(mkdirat(at.get(), ".removed-0", 0700), 0);
  at.reset();
  ASSERT_TRUE(files_->remove_tree("d"));
  EXPECT_EQ(files_->info("d").error().code, ErrorCode::not_found);
}

TEST_F(PosixFilesTest, PlantedFifoDoesNotHang) {
  ASSERT_EQ(mkfifo(directory_.path("share/fifo").c_str(), 0600), 0);
  EXPECT_EQ(files_->open_read("fifo").error().code, ErrorCode::corrupt);
  EXPECT_EQ(files_->read_all("fifo", 10).error().code, ErrorCode::corrupt);
  EXPECT_EQ(files_->open_append("fifo").error().code, ErrorCode::corrupt);
}

TEST_F(PosixFilesTest, KeptDescriptorsAreHighAndCloseOnExec) {
  for (const int number : {0, 1, 2}) EXPECT_NE(fcntl(number, F_GETFD), -1);
  const auto file = *files_->create("a");
  EXPECT_GE(file->descriptor(), lowest_kept_descriptor);
  EXPECT_EQ(fcntl(file->descriptor(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  const auto watch = *files_->watch();
  EXPECT_GE(watch->descriptor(), lowest_kept_descriptor);
}

TEST_F(PosixFilesTest, ClosedStandardDescriptorsAreNeverTaken) {
  const pid_t child = fork();
  if (child == 0) {
    for (int number = 0; number < 3; ++number) close(number);
    const auto file = files_->create("a");
    const auto watch = files_->watch();
    const bool fine = file && (*file)->append(bytes_of("x")) && watch && files_->read_all("a", 10) &&
                      fcntl(0, F_GETFD) == -1 && fcntl(1, F_GETFD) == -1 && fcntl(2, F_GETFD) == -1;
    _exit(fine ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(PosixFilesTest, DescriptorStaysLowWhereTheLimitForbidsMore) {
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  rlimit small = before;
  small.rlim_cur = 64;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &small), 0);
  const auto file = files_->create("a");
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_TRUE(file);
  EXPECT_LT((*file)->descriptor(), 64);
  EXPECT_TRUE((*file)->append(bytes_of("x")));
}

TEST_F(PosixFilesTest, ViewOfALargeFileOutlivesFileAndName) {
  const std::string content(300'000, 'v');
  ASSERT_TRUE(files_->publish("big", "head" + content, false, true));
  const auto view = *(*files_->open_read("big"))->view(4, 1 << 30);
  ASSERT_TRUE(files_->remove("big"));
  EXPECT_EQ(view.text(), content);
}

TEST_F(PosixFilesTest, RecordLockIsNotInheritedByFork) {
  const auto file = *files_->create("lock");
  ASSERT_TRUE(*file->try_lock());
  EXPECT_FALSE(*file->is_locked());
  const pid_t child = fork();
  if (child == 0) {
    const auto other = files_->open_append("lock");
    _exit(other && *(*other)->is_locked() && !*(*other)->try_lock() ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(PosixFilesTest, OpenDirectoryAndItsErrors) {
  EXPECT_EQ(open_directory(directory_.path("none")).error().code, ErrorCode::place_unreadable);
  EXPECT_EQ(open_directory(directory_.path("outside/secret")).error().code, ErrorCode::place_unreadable);
  EXPECT_EQ(make_directories(directory_.path("outside/secret/d")).error().code, ErrorCode::place_unwritable);
  EXPECT_EQ(make_directories(directory_.path("outside/secret")).error().code, ErrorCode::place_unwritable);
  ASSERT_TRUE(make_directories(directory_.path("x/y/z/")));
  struct stat status {};
  ASSERT_EQ(stat(directory_.path("x/y").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0700u);
  EXPECT_EQ(files_->absolute("a/b"), directory_.path("share/a/b"));
  EXPECT_EQ(files_->absolute(""), directory_.path("share"));
}

TEST_F(PosixFilesTest, OutsideFileInfoFollowsLinks) {
  EXPECT_EQ(outside_file_info(directory_.path("share/file"))->size, 6u);
  EXPECT_EQ(outside_file_info(directory_.path("none")).error().code, ErrorCode::not_found);
}

TEST(PosixFilesOnASmallDisk, FullDiskIsNoSpace) {
  const TemporaryDirectory directory;
  if (mount("none", directory.path().c_str(), "tmpfs", 0, "size=64k") != 0) GTEST_SKIP() << "may not mount";
  {
    const auto files = *open_directory(directory.path());
    const auto file = *files->create("a");
    const auto written = file->append(bytes_of(std::string(1 << 20, 'x')));
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, ErrorCode::no_space);
    EXPECT_THAT(written.error().hint, HasSubstr(directory.path()));
    EXPECT_EQ((*files->create("b"))->share_memory(1 << 20).error().code, ErrorCode::no_space);
    EXPECT_EQ(files->publish("c", std::string(1 << 20, 'x'), true, true).error().code, ErrorCode::no_space);
    EXPECT_THAT(*files->list(""), testing::UnorderedElementsAre("a", "b"));
  }
  umount(directory.path().c_str());
}

TEST_F(PosixFilesTest, AScratchTreeIsSharedWithAGroupOnlyIfItsDirectoryIs) {
  files_->become_scratch();
  ASSERT_TRUE((*files_->create("own"))->sync());
  EXPECT_EQ(files_->info("own")->mode, 0600u);
  ASSERT_EQ(chmod(directory_.path("share").c_str(), 0750), 0);
  files_->become_scratch();
  ASSERT_TRUE(files_->create("shared"));
  ASSERT_TRUE(files_->make_directory("folder"));
  ASSERT_TRUE(files_->import_file("/bin/true", "program", true));
  EXPECT_EQ(files_->info("shared")->mode, 0640u);
  EXPECT_EQ(files_->info("folder")->mode, 01770u) << "what others made in it is safe";
  EXPECT_EQ(files_->info("program")->mode, 0550u);
}

TEST(OsError, SaysWhatFailedAndWhatToDo) {
  const Error full = os_error(ENOSPC, "cannot write", "/share/jobs/log", true);
  EXPECT_EQ(full.code, ErrorCode::no_space);
  EXPECT_EQ(full.message, "cannot write /share/jobs/log: No space left on device");
  EXPECT_EQ(full.hint, "free space in /share/jobs");
  EXPECT_EQ(full.os_error, ENOSPC);
  EXPECT_EQ(os_error(EDQUOT, "", "", true).code, ErrorCode::no_space);
  EXPECT_EQ(os_error(EACCES, "", "", true).code, ErrorCode::place_unwritable);
  EXPECT_EQ(os_error(EACCES, "", "", false).code, ErrorCode::place_unreadable);
  EXPECT_THAT(os_error(EROFS, "", "", true).hint, HasSubstr("ERRAND_SHARE_DIR"));
  EXPECT_TRUE(os_error(EMFILE, "", "", false).transient);
  EXPECT_FALSE(os_error(ENOSPC, "", "", true).transient);
}

TEST(NetworkMagic, KnowsFileSystemsThatMachinesShare) {
  for (const long magic : {0x6969L, 0xff534d42L, 0x0bd00bd0L, 0x47504653L, 0x65735546L, -0xacb2beL}) {
    EXPECT_TRUE(is_network_magic(magic)) << magic;
  }
  for (const long magic : {0xef53L, 0x01021994L, 0x58465342L, 0x9123683eL}) {
    EXPECT_FALSE(is_network_magic(magic)) << magic;
  }
}

}  // namespace
}  // namespace errand::system
