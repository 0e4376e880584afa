// SPDX-License-Identifier: Apache-2.0
#include "client/group_writer.h"

#include <atomic>

#include "client_fixture.h"

namespace errand::client {
namespace {

class ThreadGroupWriterTest : public ClientTest {
 protected:
  ThreadGroupWriterTest() {
    share::Manifest growing = manifest();
    growing.growing = true;
    share::JobFileBuilder builder(growing);
    auto published = share::publish_job(*place, growing, builder.take());
    EXPECT_TRUE(published.ok());
    file = *std::move(published);
    path = share::job_path(growing.id);
  }
  std::unique_ptr<share::TaskSource> source() const {
    auto opened = share::TaskSource::open(place->files(), path);
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    return *std::move(opened);
  }

  std::unique_ptr<system::File> file;
  std::string path;
};

TEST_F(ThreadGroupWriterTest, WhatIsFlushedIsInTheFile) {
  std::atomic<int> groups = 0;
  GroupWriter writer(std::move(file), 0, false, [&] { ++groups; });
  for (std::uint64_t i = 0; i < 100; ++i) EXPECT_EQ(*writer.append("arguments " + std::to_string(i)), i);
  ASSERT_TRUE(writer.flush().ok());
  EXPECT_GE(groups, 1);
  auto tasks = source();
  EXPECT_EQ(tasks->total(), 100U);
  EXPECT_FALSE(tasks->closed());
  auto bytes = tasks->task(42);
  ASSERT_TRUE(bytes.ok());
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size()), "arguments 42");
}

TEST_F(ThreadGroupWriterTest, ManyThreadsGetDifferentIndices) {
  constexpr int threads = 4;
  constexpr int each = 500;
  {
    GroupWriter writer(std::move(file), 0, false, [] {});
    std::vector<std::atomic<int>> seen(threads * each);
    std::vector<std::thread> all;
    for (int t = 0; t < threads; ++t) {
      all.emplace_back([&] {
        for (int i = 0; i < each; ++i) ++seen[*writer.append("x")];
      });
    }
    for (std::thread& thread : all) thread.join();
    for (const auto& count : seen) EXPECT_EQ(count, 1);
  }
  EXPECT_EQ(source()->total(), threads * each) << "its destructor writes what waits";
}

TEST_F(ThreadGroupWriterTest, NothingFollowsAClose) {
  GroupWriter writer(std::move(file), 0, false, [] {});
  ASSERT_TRUE(writer.append("x").ok());
  ASSERT_TRUE(writer.close().ok());
  ASSERT_TRUE(writer.close().ok());
  EXPECT_EQ(writer.append("y").error().code, ErrorCode::invalid_argument);
  auto tasks = source();
  EXPECT_TRUE(tasks->closed());
  EXPECT_EQ(tasks->total(), 1U);
}

/// A file on a disk that fills up.
class FullFile final : public system::File {
 public:
  Result<std::size_t> read_at(std::uint64_t, std::span<std::byte>) override { return std::size_t{0}; }
  Result<void> append(std::span<const std::byte>) override {
    return Error{ErrorCode::no_space, "no space", false, "", 0};
  }
  Result<void> sync() override { return {}; }
  Result<system::FileInfo> info() override { return system::FileInfo{}; }
  Result<Buffer> view(std::uint64_t, std::uint64_t) override { return Buffer(); }
  Result<std::shared_ptr<std::byte[]>> share_memory(std::size_t) override { return refuse(); }
  void start_writeback() override {}
  Result<void> punch_hole(std::uint64_t, std::uint64_t) override { return refuse(); }
  Result<bool> try_lock() override { return true; }
  Result<bool> is_locked() override { return false; }
  [[nodiscard]] int descriptor() const override { return -1; }

 private:
  static Error refuse() { return {ErrorCode::not_supported, "not here", false, "", 0}; }
};

TEST_F(ThreadGroupWriterTest, AFailedWriteFailsEverythingAfterIt) {
  bool told = false;
  GroupWriter writer(std::make_unique<FullFile>(), 0, false, [&] { told = true; });
  ASSERT_TRUE(writer.append("x").ok());
  EXPECT_EQ(writer.flush().error().code, ErrorCode::no_space);
  EXPECT_EQ(writer.append("y").error().code, ErrorCode::no_space);
  EXPECT_EQ(writer.close().error().code, ErrorCode::no_space);
  EXPECT_FALSE(told);
}

}  // namespace
}  // namespace errand::client
