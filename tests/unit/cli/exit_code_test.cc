// SPDX-License-Identifier: Apache-2.0
#include "cli/exit_code.h"

#include <gtest/gtest.h>

#include "cli/session.h"

namespace errand::cli {
namespace {

int code(ErrorCode error) {
  return static_cast<int>(exit_code_of(Error{error, "", false, ""}));
}
int code(JobStatus status, std::uint64_t failed = 0) {
  return static_cast<int>(exit_code_of(StatusReport{status, "", {1, failed, 0, 0, 1 + failed}}));
}

// The numbers are promised to scripts.
TEST(ExitCode, OfErrors) {
  EXPECT_EQ(code(ErrorCode::job_failed), 1);
  EXPECT_EQ(code(ErrorCode::job_canceled), 1);
  EXPECT_EQ(code(ErrorCode::invalid_argument), 2);
  EXPECT_EQ(code(ErrorCode::not_found), 3);
  EXPECT_EQ(code(ErrorCode::ambiguous), 3);
  EXPECT_EQ(code(ErrorCode::job_missing), 3);
  EXPECT_EQ(code(ErrorCode::not_finished), 4);
  EXPECT_EQ(code(ErrorCode::timeout), 4);
  EXPECT_EQ(code(ErrorCode::no_space), 5);
  EXPECT_EQ(code(ErrorCode::engine_unavailable), 5);
  EXPECT_EQ(code(ErrorCode::interrupted), 130);
}

TEST(ExitCode, OfStatuses) {
  EXPECT_EQ(code(JobStatus::finished), 0);
  EXPECT_EQ(code(JobStatus::finished, 1), 1) << "a failed task is no success";
  EXPECT_EQ(code(JobStatus::failed), 1);
  EXPECT_EQ(code(JobStatus::canceled), 1);
  EXPECT_EQ(code(JobStatus::missing), 3);
  EXPECT_EQ(code(JobStatus::queued), 4);
  EXPECT_EQ(code(JobStatus::running), 4);
  EXPECT_EQ(code(JobStatus::undetermined), 5);
}

TEST(WholeId, IsToldFromParts) {
  EXPECT_TRUE(is_whole_id("rxJob_01hz3v9k2mabcdefghjkmnpqrs"));
  EXPECT_TRUE(is_whole_id("RXJOB_01HZ3V9K2MABCDEFGHJKMNPQRS"));
  EXPECT_FALSE(is_whole_id("rxJob_01hz"));
  EXPECT_FALSE(is_whole_id("rxJob_01hz3v9k2mabcdefghjkmnpqru")) << "u is no Crockford letter";
  EXPECT_FALSE(is_whole_id("last"));
  EXPECT_FALSE(is_whole_id(""));
}

}  // namespace
}  // namespace errand::cli
