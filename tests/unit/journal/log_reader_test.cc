// SPDX-License-Identifier: Apache-2.0
#include "journal/log_reader.h"

#include <gtest/gtest.h>

#include "journal/little_endian.h"
#include "scripted_file.h"

namespace errand::journal {
namespace {

std::string record_of(RecordType type, std::string_view body) {
  std::string out;
  append_record(out, type, body);
  return out;
}

std::string sync_mark(std::uint64_t claim) {
  std::string body(8, '\0');
  store_little(body.data(), claim);
  return record_of(RecordType::sync_mark, body);
}

class LogReaderTest : public ::testing::Test {
 protected:
  Result<void> refresh(std::uint64_t limit = LogReader::no_limit) {
    return reader_.refresh(
        [this](const Record& record) -> Result<void> {
          seen_.emplace_back(record.text());
          return {};
        },
        limit);
  }
  std::shared_ptr<FileState> state_ = std::make_shared<FileState>();
  LogReader reader_{open_scripted(state_), "log.0.1.1"};
  std::vector<std::string> seen_;
};

TEST_F(LogReaderTest, ReadsOnlyWhatIsNew) {
  state_->content = record_of(RecordType::lost, "one");
  ASSERT_TRUE(refresh());
  ASSERT_TRUE(refresh());
  EXPECT_EQ(seen_, std::vector<std::string>{"one"});
  state_->largest_read = 0;
  std::string added = record_of(RecordType::lost, "two") + record_of(RecordType::lost, "three");
  state_->content += added;
  ASSERT_TRUE(refresh());
  EXPECT_EQ(seen_, (std::vector<std::string>{"one", "two", "three"}));
  EXPECT_EQ(state_->largest_read, added.size());
  EXPECT_EQ(reader_.good_end(), state_->content.size());
}

TEST_F(LogReaderTest, ATornRecordIsReadOnceItIsWhole) {
  std::string whole = record_of(RecordType::lost, "arrives in two parts");
  std::string first = record_of(RecordType::lost, "first");
  for (std::size_t cut = 1; cut < whole.size(); ++cut) {
    auto state = std::make_shared<FileState>();
    LogReader reader(open_scripted(state), "log");
    int visits = 0;
    auto visit = [&](const Record&) -> Result<void> { return ++visits, Result<void>(); };
    state->content = first + whole.substr(0, cut);
    ASSERT_TRUE(reader.refresh(visit));
    EXPECT_EQ(visits, 1);
    EXPECT_EQ(reader.good_end(), first.size());
    EXPECT_NE(reader.dropped(), "");
    state->content = first + whole;
    ASSERT_TRUE(reader.refresh(visit));
    EXPECT_EQ(visits, 2);
    EXPECT_EQ(reader.dropped(), "");
  }
}

TEST_F(LogReaderTest, SaysWhichFileAndOffsetItDropped) {
  state_->content = record_of(RecordType::lost, "good") + std::string(40, 'x');
  ASSERT_TRUE(refresh());
  EXPECT_NE(reader_.dropped().find("log.0.1.1"), std::string::npos) << reader_.dropped();
  EXPECT_NE(reader_.dropped().find("offset 32"), std::string::npos) << reader_.dropped();
  auto view = reader_.view();
  ASSERT_TRUE(view);
  EXPECT_EQ(view->size(), 32U);
}

TEST_F(LogReaderTest, MemoryIsBoundedByTheWindow) {
  std::string record = record_of(RecordType::lost, std::string(100'000, 'r'));
  while (state_->content.size() < 3 * LogReader::window_size) state_->content += record;
  ASSERT_TRUE(refresh());
  EXPECT_EQ(seen_.size(), state_->content.size() / record.size());
  EXPECT_LE(state_->largest_read, LogReader::window_size);
  EXPECT_EQ(reader_.dropped(), "");
}

TEST_F(LogReaderTest, ARecordLargerThanTheWindowIsReadWhole) {
  std::string large(2 * LogReader::window_size + 5, 'L');
  state_->content = record_of(RecordType::lost, "small") + record_of(RecordType::tasks, large) +
                    record_of(RecordType::lost, "behind");
  ASSERT_TRUE(refresh());
  ASSERT_EQ(seen_.size(), 3U);
  EXPECT_EQ(seen_[1], large);
  EXPECT_EQ(seen_[2], "behind");
}

TEST_F(LogReaderTest, AnAbsurdLengthEndsTheGoodPrefix) {
  std::string bad = record_of(RecordType::tasks, "x");
  std::string tail(LogReader::window_size + 100, 't');
  for (std::uint64_t length :
       {~std::uint64_t{0}, std::uint64_t{1} << 40, std::uint64_t{LogReader::window_size}}) {
    store_little(bad.data() + 8, length);
    auto state = std::make_shared<FileState>();
    state->content = record_of(RecordType::lost, "good") + bad + tail;
    LogReader reader(open_scripted(state), "log");
    ASSERT_TRUE(reader.refresh([](const Record&) -> Result<void> { return {}; }));
    EXPECT_EQ(reader.good_end(), 32U);
    EXPECT_NE(reader.dropped(), "");
  }
}

TEST_F(LogReaderTest, ReadsNoFurtherThanTheLimit) {
  std::string first = record_of(RecordType::lost, "one");
  state_->content = first + record_of(RecordType::lost, "two");
  ASSERT_TRUE(refresh(first.size()));
  EXPECT_EQ(seen_, std::vector<std::string>{"one"});
  ASSERT_TRUE(refresh(first.size()));
  EXPECT_EQ(reader_.good_end(), first.size());
  ASSERT_TRUE(refresh());
  EXPECT_EQ(seen_.size(), 2U);
}

TEST_F(LogReaderTest, BelievesOnlySyncMarksThatCanBeTrue) {
  std::string first = record_of(RecordType::lost, "one");
  state_->content = first + sync_mark(first.size());
  ASSERT_TRUE(refresh());
  EXPECT_EQ(reader_.durable_end(), first.size());
  state_->content += sync_mark(10 * first.size());
  state_->content += record_of(RecordType::sync_mark, "bad");
  ASSERT_TRUE(refresh());
  EXPECT_EQ(reader_.durable_end(), first.size());
  std::uint64_t before = state_->content.size();
  state_->content += sync_mark(before);
  ASSERT_TRUE(refresh());
  EXPECT_EQ(reader_.durable_end(), before);
}

TEST_F(LogReaderTest, AVisitorsErrorEndsTheRefreshBeforeItsRecord) {
  std::string first = record_of(RecordType::lost, "one");
  state_->content = first + record_of(RecordType::lost, "two");
  bool refuse = true;
  auto visit = [&](const Record& record) -> Result<void> {
    if (refuse && record.text() == "two") return Error{ErrorCode::corrupt, "refused", false, {}, 0};
    return {};
  };
  auto refused = reader_.refresh(visit);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "refused");
  EXPECT_EQ(reader_.good_end(), first.size());
  refuse = false;
  ASSERT_TRUE(reader_.refresh(visit));
  EXPECT_EQ(reader_.good_end(), state_->content.size());
}

TEST_F(LogReaderTest, InPlaceBodiesLiveWithTheBuffer) {
  state_->content = record_of(RecordType::lost, "one") + record_of(RecordType::lost, "two");
  std::vector<std::span<const std::byte>> bodies;
  auto keep = [&](const Record& record) -> Result<void> {
    bodies.push_back(record.body);
    return {};
  };
  auto buffer = reader_.refresh_in_place(keep);
  ASSERT_TRUE(buffer);
  ASSERT_EQ(bodies.size(), 2U);
  EXPECT_EQ(text_of(bodies[0]), "one");
  EXPECT_EQ(text_of(bodies[1]), "two");
  EXPECT_GE(bodies[0].data(), buffer->data());
  EXPECT_LE(bodies[1].data() + bodies[1].size(), buffer->data() + buffer->size());
  auto nothing = reader_.refresh_in_place(keep);
  ASSERT_TRUE(nothing);
  EXPECT_TRUE(nothing->empty());
  EXPECT_EQ(bodies.size(), 2U);
}

}  // namespace
}  // namespace errand::journal
