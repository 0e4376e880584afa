// SPDX-License-Identifier: Apache-2.0
#include "cli/output_stream.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string>

namespace errand::cli {
namespace {

TEST(OutputStream, WritesAllAndClosesOnce) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  OutputStream out(fdopen(ends[1], "w"));
  out.write("one ");
  out.write("two");
  EXPECT_TRUE(out.close());
  EXPECT_TRUE(out.close());
  std::array<char, 16> got{};
  EXPECT_EQ(read(ends[0], got.data(), got.size()), 7);
  EXPECT_STREQ(got.data(), "one two");
  close(ends[0]);
}

TEST(OutputStream, AClosedPipeIsRemembered) {
  auto before = std::signal(SIGPIPE, SIG_IGN);
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  close(ends[0]);
  OutputStream out(fdopen(ends[1], "w"));
  out.write("text");
  EXPECT_FALSE(out.broken()) << "buffered: nobody can know yet";
  Result<void> closed = out.close();
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().os_error, EPIPE);
  EXPECT_FALSE(out.close()) << "a failure is not forgotten";
  std::signal(SIGPIPE, before);
}

TEST(OutputStream, AFullDiskIsToldAtTheLatestOnClosing) {
  std::FILE* full = std::fopen("/dev/full", "w");
  if (full == nullptr) GTEST_SKIP() << "no /dev/full here";
  OutputStream out(full);
  out.write("text");
  Result<void> closed = out.close();
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, ErrorCode::no_space);
}

}  // namespace
}  // namespace errand::cli
