// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <thread>
#include <vector>

#include "system/directory_snapshot.h"
#include "system/posix_files.h"
#include "temporary_directory.h"

namespace errand::system {
namespace {

using std::chrono::milliseconds;
using testing::IsEmpty;

class WatchTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(files_->make_directory("d"));
    ASSERT_TRUE(root_);
  }
  std::unique_ptr<Watch> open(bool by_looking) {
    return *open_watch(root_.get(), directory_.path(), by_looking);
  }
  static bool holds(const std::vector<Change>& changes, Change::Kind kind, const std::string& name) {
    return std::any_of(changes.begin(), changes.end(),
                       [&](const Change& change) { return change.kind == kind && change.name == name; });
  }
  bool happens(Watch& watch, Change::Kind kind, const std::string& name) {
    return holds(*watch.wait(std::chrono::seconds(10)), kind, name);
  }

  TemporaryDirectory directory_;
  std::shared_ptr<Files> files_ = *open_directory(directory_.path());
  Descriptor root_{::open(directory_.path().c_str(), O_RDONLY | O_DIRECTORY)};
};

TEST_F(WatchTest, LookingFindsEveryKindOfChange) {
  const auto watch = open(true);
  EXPECT_EQ(watch->descriptor(), -1);
  ASSERT_TRUE(watch->add("d"));
  EXPECT_THAT(*watch->wait(milliseconds(0)), IsEmpty());
  const auto file = *files_->create("d/a");
  EXPECT_TRUE(happens(*watch, Change::Kind::created, "a"));
  ASSERT_TRUE(file->append(bytes_of("x")));
  EXPECT_TRUE(happens(*watch, Change::Kind::modified, "a"));
  ASSERT_TRUE(files_->publish("d/a", "y", false, true));
  EXPECT_TRUE(happens(*watch, Change::Kind::moved_in, "a"));
  ASSERT_TRUE(files_->remove("d/a"));
  EXPECT_TRUE(happens(*watch, Change::Kind::removed, "a"));
  ASSERT_TRUE(files_->remove_tree("d"));
  EXPECT_TRUE(happens(*watch, Change::Kind::removed, ""));
  ASSERT_TRUE(files_->make_directory("d"));
  ASSERT_TRUE(files_->create("d/again"));
  EXPECT_TRUE(happens(*watch, Change::Kind::created, "again"));
}

TEST_F(WatchTest, AddingAgainLosesNothing) {
  for (const bool by_looking : {true, false}) {
    const auto watch = open(by_looking);
    ASSERT_TRUE(watch->add("d"));
    ASSERT_TRUE(files_->publish("d/a", "x", false, true));
    ASSERT_TRUE(watch->add("d"));
    EXPECT_FALSE(watch->wait(milliseconds(0))->empty());
    ASSERT_TRUE(files_->remove("d/a"));
  }
}

TEST_F(WatchTest, DescriptorIsReadableWhenThereIsSomething) {
  const auto watch = open(false);
  if (watch->descriptor() < 0) GTEST_SKIP() << "no inotify here";
  ASSERT_TRUE(watch->add("d"));
  pollfd told{watch->descriptor(), POLLIN, 0};
  EXPECT_EQ(poll(&told, 1, 0), 0);
  ASSERT_TRUE(files_->create("d/a"));
  EXPECT_EQ(poll(&told, 1, 0), 1);
  EXPECT_FALSE(watch->wait(milliseconds(0))->empty());
  EXPECT_EQ(poll(&told, 1, 0), 0);
}

TEST_F(WatchTest, RepeatsAreToldOnceAndTheLastWordIsRight) {
  const auto watch = open(false);
  if (watch->descriptor() < 0) GTEST_SKIP() << "no inotify here";
  ASSERT_TRUE(watch->add("d"));
  const auto file = *files_->create("d/a");
  const auto other = *files_->create("d/b");
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(file->append(bytes_of("x")));
    ASSERT_TRUE(other->append(bytes_of("x")));
  }
  ASSERT_TRUE(files_->remove("d/a"));
  ASSERT_TRUE(files_->create("d/a"));
  const auto changes = *watch->wait(milliseconds(0));
  EXPECT_EQ(changes.size(), 6u);
  EXPECT_EQ(changes.back().kind, Change::Kind::created);
}

TEST_F(WatchTest, RenamedDirectoryIsTold) {
  const auto watch = open(false);
  ASSERT_TRUE(watch->add("d"));
  ASSERT_TRUE(files_->rename("d", "trash"));
  EXPECT_TRUE(happens(*watch, Change::Kind::removed, ""));
}

TEST_F(WatchTest, RootCanBeWatched) {
  const auto watch = open(false);
  ASSERT_TRUE(watch->add(""));
  ASSERT_TRUE(files_->make_directory("e"));
  EXPECT_TRUE(happens(*watch, Change::Kind::created, "e"));
}

/// For as long as it lives this process can open one descriptor more and no other: the machine's own limit
/// of inotify instances is shared with everybody else.
class OneDescriptorLeft {
 public:
  OneDescriptorLeft() {
    getrlimit(RLIMIT_NOFILE, &before_);
    const Descriptor lowest_free(::open("/", O_RDONLY | O_CLOEXEC));
    const rlimit tight{static_cast<rlim_t>(lowest_free.get()) + 1, before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &tight);
  }
  OneDescriptorLeft(const OneDescriptorLeft&) = delete;
  OneDescriptorLeft& operator=(const OneDescriptorLeft&) = delete;
  ~OneDescriptorLeft() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST_F(WatchTest, WhereNoInstanceIsLeftItLooks) {
  std::unique_ptr<Watch> watch;
  {
    const OneDescriptorLeft for_the_directory;
    watch = open(false);
  }
  EXPECT_EQ(watch->descriptor(), -1);
  ASSERT_TRUE(watch->add("d"));
  ASSERT_TRUE(files_->publish("d/a", "x", false, true));
  EXPECT_TRUE(happens(*watch, Change::Kind::created, "a"));
}

TEST_F(WatchTest, OverflowIsReported) {
  const auto watch = open(false);
  if (watch->descriptor() < 0) GTEST_SKIP() << "no inotify here";
  ASSERT_TRUE(watch->add("d"));
  const auto one = *files_->create("d/a");
  const auto two = *files_->create("d/b");
  for (int i = 0; i < 20'000; ++i) {
    ASSERT_TRUE(one->append(bytes_of("x")));
    ASSERT_TRUE(two->append(bytes_of("x")));
  }
  bool overflow = false;
  for (auto changes = *watch->wait(milliseconds(0)); !changes.empty();
       changes = *watch->wait(milliseconds(0))) {
    overflow = overflow || holds(changes, Change::Kind::overflow, "");
  }
  EXPECT_TRUE(overflow);
}

TEST_F(WatchTest, SignalEndsTheWait) {
  struct sigaction nothing {};
  struct sigaction before {};
  nothing.sa_handler = [](int) {};
  ASSERT_EQ(sigaction(SIGUSR1, &nothing, &before), 0);
  const auto watch = open(false);
  ASSERT_TRUE(watch->add("d"));
  std::atomic<bool> over = false;
  std::thread signaller([&, waiter = pthread_self()] {
    while (!over) {
      pthread_kill(waiter, SIGUSR1);
      std::this_thread::sleep_for(milliseconds(1));
    }
  });
  const auto changes = watch->wait(std::nullopt);
  over = true;
  signaller.join();
  sigaction(SIGUSR1, &before, nullptr);
  ASSERT_TRUE(changes);
  EXPECT_THAT(*changes, IsEmpty());
}

}  // namespace
}  // namespace errand::system
