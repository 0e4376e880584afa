// SPDX-License-Identifier: Apache-2.0
#include "worker/patient_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace errand::worker {
namespace {

using std::chrono_literals::operator""ms;

/// A disk with room for `room` bytes; each attempt that fails frees `freed` more.
struct Disk {
  std::string content;
  std::size_t room = 0;
  std::size_t freed = 0;
  int failures = 0;
  ErrorCode code = ErrorCode::no_space;
};

class FullFile final : public system::File {
 public:
  explicit FullFile(Disk& disk) : disk_(disk) {}
  Result<void> append(std::span<const std::byte> bytes) override {
    std::size_t fits = std::min(bytes.size(), disk_.room - disk_.content.size());
    disk_.content.append(reinterpret_cast<const char*>(bytes.data()), fits);
    if (fits == bytes.size()) return {};
    ++disk_.failures;
    disk_.room += disk_.freed;
    return Error{disk_.code, "full", false, {}, 0};
  }
  Result<system::FileInfo> info() override {
    system::FileInfo info;
    info.size = disk_.content.size();
    return info;
  }
  Result<std::size_t> read_at(std::uint64_t, std::span<std::byte>) override { return std::size_t{0}; }
  Result<void> sync() override { return {}; }
  Result<Buffer> view(std::uint64_t, std::uint64_t) override { return Buffer(); }
  Result<std::shared_ptr<std::byte[]>> share_memory(std::size_t) override {
    return std::shared_ptr<std::byte[]>();
  }
  void start_writeback() override {}
  Result<void> punch_hole(std::uint64_t, std::uint64_t) override { return {}; }
  Result<bool> try_lock() override { return true; }
  Result<bool> is_locked() override { return false; }
  [[nodiscard]] int descriptor() const override { return -1; }

 private:
  Disk& disk_;
};

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span<const char>(text));
}

TEST(PatientFile, WaitsForSpaceAndContinuesWhereTheWriteBroke) {
  Disk disk{"old ", 9, 4, 0, ErrorCode::no_space};
  PatientFile file(std::make_unique<FullFile>(disk), 60'000ms, 1ms);
  ASSERT_TRUE(file.append(bytes_of("a record of several words")));
  EXPECT_EQ(disk.content, "old a record of several words");
  EXPECT_GT(disk.failures, 2);
  ASSERT_TRUE(file.append(bytes_of("")));
}

TEST(PatientFile, GivesUpAfterItsPatience) {
  Disk disk{"", 3, 0, 0, ErrorCode::no_space};
  PatientFile file(std::make_unique<FullFile>(disk), 5ms, 1ms);
  auto appended = file.append(bytes_of("too long"));
  ASSERT_FALSE(appended);
  EXPECT_EQ(appended.error().code, ErrorCode::no_space);
  EXPECT_EQ(disk.content, "too") << "nothing is written twice";
}

TEST(PatientFile, OtherErrorsAreNotWaitedFor) {
  Disk disk{"", 3, 100, 0, ErrorCode::place_unwritable};
  PatientFile file(std::make_unique<FullFile>(disk), 60'000ms, 1ms);
  EXPECT_FALSE(file.append(bytes_of("too long")));
  EXPECT_EQ(disk.failures, 1);
}

}  // namespace
}  // namespace errand::worker
