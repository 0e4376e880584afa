// SPDX-License-Identifier: Apache-2.0
// docs/job-directory.md shows a small job byte by byte: what the code writes for fixed inputs.
#include <gtest/gtest.h>

#include <cstddef>

#include "annotated_bytes.h"
#include "golden_block.h"
#include "journal/log_writer.h"
#include "share/progress_page.h"
#include "share/task_source.h"
#include "system/memory_files.h"

namespace errand::golden {
namespace {

using journal::Outcome;

const std::string document = std::string(ERRAND_SOURCE_DIR) + "/docs/job-directory.md";
constexpr std::string_view job_id = "rxJob_01hzz3x8kq4v7m2n9p6r5t0wab";
constexpr std::int64_t created_ns = 1'700'000'000'000'000'000;

share::Manifest fixed_manifest() {
  share::Manifest manifest;
  manifest.id = job_id;
  manifest.function = "square";
  manifest.signature = "int (int)";
  manifest.result_type = "int";
  manifest.program_hash = "00112233445566778899aabbccddeeff";
  manifest.program_path = "/data/ada/squares";
  manifest.worker.argv = {"@program"};
  manifest.context.cores = 2;
  manifest.working_directory = "/data/ada";
  manifest.environment = {"HOME=/data/ada", "LANG=C.UTF-8"};
  manifest.seed = 42;
  manifest.created_ns = created_ns;
  manifest.user = "ada";
  manifest.submitter = {"engine-1", "3f2c0f6e-8d5b-4c11-9a57-0c1b7f3a9e01", 4026531836, 4711, 123456};
  manifest.submitter_version = "0.1.0";
  return manifest;
}

std::string job_file() {
  share::JobFileBuilder builder(fixed_manifest());
  builder.arguments(Codec::msgpack, std::string_view("\x92\x01\xc0", 3));  // parameter 0 fans out
  for (char number : {2, 3, 4}) builder.task(std::string("\xdc\x00\x01", 3) + number);
  builder.close();
  return builder.take();
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

/// Task 0: a value and console text. Task 1: a failure. Task 2: a long run with a large value.
void add_outcomes(journal::LogWriter& log) {
  Outcome value;
  value.codec = Codec::msgpack;
  value.elapsed_us = 12;
  value.console = journal::ConsoleSpan{0, 10};
  value.inline_bytes = bytes_of("\x04");
  log.add(value);

  TaskFailure thrown;
  thrown.type = "std::domain_error";
  thrown.message = "3 is unlucky";
  std::string failure_bytes = journal::encode_failure(thrown);
  Outcome failure;
  failure.task = 1;
  failure.cause = FailureCause::user_error;
  failure.elapsed_us = 85;
  failure.inline_bytes = bytes_of(failure_bytes);
  log.add(failure);

  std::string buffers;
  journal::append_stored_buffer(buffers, {0, 100'000, 0x0123456789abcdef});
  Outcome large;
  large.task = 2;
  large.attempt = 1;
  large.codec = Codec::raw;
  large.elapsed_us = 2'500'000;
  large.usage = journal::Usage{created_ns + 1'000'000'000, 2400, 100, 33'554'432};
  large.stored = true;
  large.inline_bytes = bytes_of(buffers);
  log.add(large);
}

std::string log_file() {
  auto files = system::MemoryFiles::make();
  auto file = files->create("log");
  EXPECT_TRUE(file);
  system::ManualClock clock;
  journal::LogWriter log(*std::move(file), 0, clock);
  log.add_file_header({.kind = "log", .job = std::string(job_id), .generation = 1, .worker = 1});
  add_outcomes(log);
  EXPECT_TRUE(log.sync());
  return files->read_all("log", 1 << 20).value();
}

TEST(JobDirectoryDocument, ShowsTheJobFileAsItIsWritten) {
  expect_golden_block(document, "job", annotate_records(job_file()));
}

TEST(JobDirectoryDocument, ShowsTheLogAsItIsWritten) {
  expect_golden_block(document, "log", annotate_records(log_file()));
}

/// A row of a registry table: "| 6 | `outcomes` |".
void expect_registered(const std::string& text, unsigned number, std::string_view name) {
  std::string row = "| " + std::to_string(number) + " | `" + std::string(name) + "` |";
  EXPECT_NE(text.find(row), std::string::npos) << "the document lacks " << row;
}

TEST(JobDirectoryDocument, RegistersEveryNumber) {
  std::string text = read_document(document);
  for (unsigned type = 1;; ++type) {
    auto name = to_string(static_cast<journal::RecordType>(type));
    if (name == "unknown") break;
    expect_registered(text, type, name);
  }
  for (unsigned codec = 0; codec <= static_cast<unsigned>(Codec::program); ++codec) {
    expect_registered(text, codec, to_string(static_cast<Codec>(codec)));
  }
  for (unsigned cause = 0; cause <= static_cast<unsigned>(FailureCause::canceled); ++cause) {
    expect_registered(text, cause, to_string(static_cast<FailureCause>(cause)));
  }
}

TEST(JobDirectoryDocument, LaysTheProgressPageOutAsTheCodeDoes) {
  using Page = share::ProgressPage;
  std::string text = read_document(document);
  auto expect_row = [&text](std::size_t offset, const std::string& type, const std::string& name) {
    std::string row = "| " + std::to_string(offset) + " | " + type + " | `" + name + "`";
    EXPECT_NE(text.find(row), std::string::npos) << "the document lacks " << row;
  };
  expect_row(offsetof(Page, magic), "u64", "magic");
  expect_row(offsetof(Page, major), "u32", "major");
  expect_row(offsetof(Page, minor), "u32", "minor");
  expect_row(offsetof(Page, pid), "i32", "pid");
  expect_row(offsetof(Page, reserved), "u32", "reserved");
  expect_row(offsetof(Page, start), "u64", "start");
  expect_row(offsetof(Page, pid_namespace), "u64", "pid_namespace");
  expect_row(offsetof(Page, boot), "char[" + std::to_string(sizeof(Page::boot)) + "]", "boot");
  expect_row(offsetof(Page, host), "char[" + std::to_string(sizeof(Page::host)) + "]", "host");
  expect_row(offsetof(Page, heartbeat), "u64", "heartbeat");
  expect_row(offsetof(Page, current_task), "u64", "current_task");
  expect_row(offsetof(Page, current_attempt), "u32", "current_attempt");
  expect_row(offsetof(Page, stop), "u32", "stop");
  expect_row(offsetof(Page, task_started), "i64", "task_started");
  expect_row(offsetof(Page, succeeded), "u64", "succeeded");
  expect_row(offsetof(Page, failed), "u64", "failed");
  expect_row(offsetof(Page, durable), "u64", "durable");
  expect_row(offsetof(Page, closed), "u32", "closed");
  expect_row(offsetof(Page, console_begin), "u64", "console_begin");
}

}  // namespace
}  // namespace errand::golden
