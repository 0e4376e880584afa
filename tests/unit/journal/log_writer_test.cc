// SPDX-License-Identifier: Apache-2.0
#include "journal/log_writer.h"

#include <gtest/gtest.h>

#include "journal/little_endian.h"
#include "scripted_file.h"

namespace errand::journal {
namespace {

Outcome outcome_of(std::uint64_t task) {
  Outcome outcome;
  outcome.task = task;
  outcome.codec = Codec::msgpack;
  return outcome;
}

struct Seen {
  RecordType type;
  std::string body;
};

std::vector<Seen> records(const std::string& file) {
  std::vector<Seen> found;
  RecordReader reader(bytes_of(file));
  while (auto record = reader.next()) found.push_back({record->type, std::string(record->text())});
  EXPECT_EQ(reader.dropped(), "");
  return found;
}

std::vector<std::uint64_t> tasks(const std::string& body) {
  std::vector<std::uint64_t> found;
  std::size_t position = 0;
  for (;;) {
    auto outcome = read_outcome(bytes_of(body), position);
    if (!outcome || !*outcome) return found;
    found.push_back((*outcome)->task);
  }
}

class LogWriterTest : public ::testing::Test {
 protected:
  std::shared_ptr<FileState> state_ = std::make_shared<FileState>();
  system::ManualClock clock_;
  LogWriter writer_{open_scripted(state_), 0, clock_};
};

TEST_F(LogWriterTest, GathersOutcomesIntoOneRecordAndOneWrite) {
  for (std::uint64_t task = 0; task < 100; ++task) writer_.add(outcome_of(task));
  EXPECT_TRUE(state_->content.empty());
  EXPECT_EQ(writer_.bytes_waiting(), record_header_size + 100 * 24);
  ASSERT_TRUE(writer_.flush());
  EXPECT_EQ(state_->appends.size(), 1U);
  EXPECT_EQ(writer_.bytes_waiting(), 0U);
  EXPECT_EQ(writer_.bytes_written(), state_->content.size());
  auto found = records(state_->content);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].type, RecordType::outcomes);
  EXPECT_EQ(tasks(found[0].body).size(), 100U);
}

TEST_F(LogWriterTest, KeepsTheOrderAcrossTypes) {
  writer_.add_file_header({.kind = "log", .job = "j"});
  writer_.add(outcome_of(1));
  writer_.add_record(RecordType::lost, "lost one");
  writer_.add(outcome_of(2));
  writer_.add_closed(77);
  ASSERT_TRUE(writer_.flush());
  EXPECT_EQ(state_->appends.size(), 1U);
  auto found = records(state_->content);
  ASSERT_EQ(found.size(), 5U);
  EXPECT_EQ(found[0].type, RecordType::file_header);
  EXPECT_EQ(tasks(found[1].body), std::vector<std::uint64_t>{1});
  EXPECT_EQ(found[2].body, "lost one");
  EXPECT_EQ(tasks(found[3].body), std::vector<std::uint64_t>{2});
  EXPECT_EQ(load_little<std::uint64_t>(found[4].body.data()), 77U);
}

TEST_F(LogWriterTest, FlushOfNothingWritesNothing) {
  ASSERT_TRUE(writer_.flush());
  ASSERT_TRUE(writer_.sync());
  EXPECT_TRUE(state_->appends.empty());
  EXPECT_EQ(state_->syncs, 0U);
}

TEST_F(LogWriterTest, SyncMarksWhatCameBeforeItOnce) {
  writer_.add(outcome_of(1));
  ASSERT_TRUE(writer_.sync());
  std::uint64_t durable = record_header_size + 24;
  auto found = records(state_->content);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[1].type, RecordType::sync_mark);
  EXPECT_EQ(load_little<std::uint64_t>(found[1].body.data()), durable);
  EXPECT_EQ(writer_.bytes_synced(), durable);
  EXPECT_FALSE(writer_.sync_due());
  ASSERT_TRUE(writer_.sync());
  EXPECT_EQ(state_->syncs, 1U);
  EXPECT_EQ(records(state_->content).size(), 2U);
}

TEST_F(LogWriterTest, FlushIsDueByAgeOrSizeAndOnlyIfSomethingWaits) {
  clock_.monotonic = 1'000'000'000;
  EXPECT_FALSE(writer_.flush_due(clock_.monotonic));
  writer_.add(outcome_of(1));
  ASSERT_TRUE(writer_.flush());
  EXPECT_EQ(writer_.last_flush_ns(), 1'000'000'000);
  writer_.add(outcome_of(2));
  EXPECT_FALSE(writer_.flush_due(1'009'999'999));
  EXPECT_TRUE(writer_.flush_due(1'010'000'000));
  std::string large(LogWriter::flush_bytes, 'v');
  Outcome outcome = outcome_of(3);
  outcome.inline_bytes = bytes_of(large);
  writer_.add(outcome);
  EXPECT_TRUE(writer_.flush_due(1'000'000'001));
}

TEST_F(LogWriterTest, AfterAFailedAppendEveryCallGivesThatError) {
  writer_.add(outcome_of(1));
  ASSERT_TRUE(writer_.flush());
  std::size_t good = state_->content.size();
  state_->fail_append = 1;
  state_->torn = 11;
  writer_.add(outcome_of(2));
  auto failed = writer_.flush();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::no_space);
  writer_.add(outcome_of(3));
  writer_.add_closed(1);
  EXPECT_EQ(writer_.bytes_waiting(), 0U);
  EXPECT_EQ(writer_.flush().error().code, ErrorCode::no_space);
  EXPECT_EQ(writer_.sync().error().code, ErrorCode::no_space);
  EXPECT_TRUE(writer_.failure());
  EXPECT_EQ(state_->content.size(), good + 11);
  RecordReader reader(bytes_of(state_->content));
  ASSERT_TRUE(reader.next());
  EXPECT_FALSE(reader.next());
  EXPECT_EQ(reader.good_end(), good);
}

TEST_F(LogWriterTest, AfterAFailedSyncNothingIsEverClaimedDurable) {
  state_->fail_sync = true;
  writer_.add(outcome_of(1));
  EXPECT_FALSE(writer_.sync());
  state_->fail_sync = false;
  EXPECT_FALSE(writer_.sync());
  EXPECT_EQ(writer_.bytes_synced(), 0U);
  auto found = records(state_->content);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].type, RecordType::outcomes);
}

TEST_F(LogWriterTest, ContinuesAFileThatIsThere) {
  writer_.add(outcome_of(1));
  ASSERT_TRUE(writer_.flush());
  LogWriter second(open_scripted(state_), state_->content.size(), clock_);
  EXPECT_TRUE(second.sync_due());
  ASSERT_TRUE(second.sync());
  EXPECT_EQ(second.bytes_synced(), record_header_size + 24);
  EXPECT_EQ(records(state_->content).size(), 2U);
}

}  // namespace
}  // namespace errand::journal
