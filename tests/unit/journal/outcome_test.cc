// SPDX-License-Identifier: Apache-2.0
#include "journal/outcome.h"

#include <gtest/gtest.h>

#include "scripted_file.h"

namespace errand::journal {
namespace {

Outcome full_outcome(std::string_view value) {
  Outcome outcome;
  outcome.task = 0x1122334455667788;
  outcome.attempt = 3;
  outcome.cause = FailureCause::time_limit;
  outcome.codec = Codec::msgpack;
  outcome.elapsed_us = 1'000'000;
  outcome.console = ConsoleSpan{5, 99};
  outcome.usage = Usage{-1, 12, 13, 1'000'000'000'000};
  outcome.inline_bytes = bytes_of(value);
  return outcome;
}

TEST(Outcome, LiesOnDiskAsDocumented) {
  std::string body;
  append_outcome(body, full_outcome("abc"));
  ASSERT_EQ(body.size(), 24U + 16 + 24 + 8);
  EXPECT_EQ(body.substr(0, 8), "\x88\x77\x66\x55\x44\x33\x22\x11");
  EXPECT_EQ(body.substr(8, 4), std::string("\3\0\0\0", 4));
  EXPECT_EQ(body.substr(12, 2), std::string("\3\0", 2));
  EXPECT_EQ(body[14], 2);
  EXPECT_EQ(body[15], 6);
  EXPECT_EQ(body.substr(16, 4), std::string("\3\0\0\0", 4));
  EXPECT_EQ(body.substr(20, 4), std::string("\x40\x42\x0f\0", 4));
  EXPECT_EQ(body.substr(24, 16), std::string("\5\0\0\0\0\0\0\0\x63\0\0\0\0\0\0\0", 16));
  EXPECT_EQ(body.substr(40, 16), std::string("\xff\xff\xff\xff\xff\xff\xff\xff\x0c\0\0\0\x0d\0\0\0", 16));
  EXPECT_EQ(body.substr(64), std::string("abc\0\0\0\0\0", 8));
}

void expect_equal(const Outcome& found, const Outcome& wanted) {
  EXPECT_EQ(found.task, wanted.task);
  EXPECT_EQ(found.attempt, wanted.attempt);
  EXPECT_EQ(found.cause, wanted.cause);
  EXPECT_EQ(found.codec, wanted.codec);
  EXPECT_EQ(found.elapsed_us, wanted.elapsed_us);
  EXPECT_EQ(found.stored, wanted.stored);
  EXPECT_EQ(text_of(found.inline_bytes), text_of(wanted.inline_bytes));
  ASSERT_EQ(found.console.has_value(), wanted.console.has_value());
  if (wanted.console) {
    EXPECT_EQ(found.console->begin, wanted.console->begin);
    EXPECT_EQ(found.console->end, wanted.console->end);
  }
  ASSERT_EQ(found.usage.has_value(), wanted.usage.has_value());
  if (wanted.usage) {
    EXPECT_EQ(found.usage->started_ns, wanted.usage->started_ns);
    EXPECT_EQ(found.usage->user_ms, wanted.usage->user_ms);
    EXPECT_EQ(found.usage->system_ms, wanted.usage->system_ms);
    EXPECT_EQ(found.usage->peak_rss, wanted.usage->peak_rss);
  }
}

TEST(Outcome, EveryCombinationOfPartsComesBack) {
  for (int parts = 0; parts < 8; ++parts) {
    std::string body;
    std::vector<Outcome> written;
    for (std::string_view value : {"", "1", "12345678", "123456789"}) {
      Outcome outcome = full_outcome(value);
      outcome.stored = (parts & 1) != 0;
      if ((parts & 2) == 0) outcome.console.reset();
      if ((parts & 4) == 0) outcome.usage.reset();
      append_outcome(body, outcome);
      written.push_back(outcome);
      EXPECT_EQ(body.size() % 8, 0U);
    }
    std::size_t position = 0;
    for (const Outcome& wanted : written) {
      OutcomeHead head;
      std::size_t behind_head = position;
      ASSERT_TRUE(read_head(bytes_of(body), behind_head, head));
      auto found = read_outcome(bytes_of(body), position);
      ASSERT_TRUE(found && *found);
      expect_equal(**found, wanted);
      EXPECT_EQ(behind_head, position);
      EXPECT_EQ(head.task, wanted.task);
      EXPECT_EQ(head.inline_bytes.data(), (*found)->inline_bytes.data());
      EXPECT_EQ(head.inline_bytes.size(), wanted.inline_bytes.size());
    }
    OutcomeHead none;
    EXPECT_FALSE(read_head(bytes_of(body), position, none));
    auto end = read_outcome(bytes_of(body), position);
    ASSERT_TRUE(end);
    EXPECT_FALSE(end->has_value());
  }
}

TEST(Outcome, CutOrUnknownEntriesAreCorruptAndNameThePlace) {
  std::string body;
  append_outcome(body, full_outcome("first"));
  std::size_t second = body.size();
  append_outcome(body, full_outcome("second"));
  for (std::size_t size = second + 1; size < body.size(); ++size) {
    std::string cut = body.substr(0, size);
    std::size_t position = second;
    auto found = read_outcome(bytes_of(cut), position);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ErrorCode::corrupt);
    EXPECT_NE(found.error().message.find(std::to_string(second)), std::string::npos);
    OutcomeHead head;
    EXPECT_FALSE(read_head(bytes_of(cut), position, head));
    EXPECT_EQ(position, second);
  }
  body[second + 15] = 8;
  std::size_t position = second;
  EXPECT_FALSE(read_outcome(bytes_of(body), position));
}

TEST(StoredBuffers, ComeBackInOrder) {
  std::string bytes;
  append_stored_buffer(bytes, {64, 100, 0xabcdef});
  append_stored_buffer(bytes, {192, 0, 1});
  auto found = read_stored_buffers(bytes_of(bytes));
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 2U);
  EXPECT_EQ((*found)[0].offset, 64U);
  EXPECT_EQ((*found)[0].length, 100U);
  EXPECT_EQ((*found)[0].hash, 0xabcdefU);
  EXPECT_EQ((*found)[1].offset, 192U);
}

TEST(StoredBuffers, NoneOrAPartOfOneIsCorrupt) {
  EXPECT_FALSE(read_stored_buffers({}));
  for (std::size_t size : {1U, 23U, 25U, 47U}) {
    std::string bytes(size, 'x');
    auto found = read_stored_buffers(bytes_of(bytes));
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ErrorCode::corrupt);
  }
}

Outcome failed(std::string_view bytes) {
  Outcome outcome;
  outcome.task = 17;
  outcome.attempt = 2;
  outcome.cause = FailureCause::user_error;
  outcome.inline_bytes = bytes_of(bytes);
  return outcome;
}

TEST(Failure, ComesBackWithItsOutcome) {
  TaskFailure failure;
  failure.type = "ValueError";
  failure.message = "no such \xff\xfe thing";  // not every language writes UTF-8
  failure.traceback = "line 1\nline 2";
  failure.native_codec = Codec::pickle;
  failure.native = Buffer::copy_of(std::string_view("\0\1\2", 3));
  std::string bytes = encode_failure(failure);
  TaskFailure found = decode_failure(failed(bytes));
  EXPECT_EQ(found.task, 17U);
  EXPECT_EQ(found.attempt, 2U);
  EXPECT_EQ(found.cause, FailureCause::user_error);
  EXPECT_EQ(found.type, failure.type);
  EXPECT_EQ(found.message, failure.message);
  EXPECT_EQ(found.traceback, failure.traceback);
  EXPECT_EQ(found.native_codec, Codec::pickle);
  EXPECT_EQ(found.native.text(), failure.native.text());
}

TEST(Failure, WithoutNativeErrorOrTraceback) {
  TaskFailure failure;
  failure.type = "exit";
  failure.message = "ended with exit code 3";
  std::string bytes = encode_failure(failure);
  TaskFailure found = decode_failure(failed(bytes));
  EXPECT_EQ(found.message, failure.message);
  EXPECT_EQ(found.native_codec, Codec::none);
  EXPECT_TRUE(found.native.empty());
  EXPECT_EQ(found.traceback, "");
}

TEST(Failure, UnreadableBytesStillNameTheTask) {
  std::string deep(200'000, '\x91');
  for (std::string_view bytes : {std::string_view(""), std::string_view("junk"), std::string_view("\x80"),
                                 std::string_view("\x81\xa4type\x01"), std::string_view(deep)}) {
    TaskFailure found = decode_failure(failed(bytes));
    EXPECT_EQ(found.task, 17U);
    EXPECT_EQ(found.type, "unreadable");
    EXPECT_NE(found.message, "");
  }
  Outcome stored = failed("");
  stored.stored = true;
  EXPECT_EQ(decode_failure(stored).type, "unreadable");
}

}  // namespace
}  // namespace errand::journal
