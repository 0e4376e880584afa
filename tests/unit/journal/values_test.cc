// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <system_error>

#include "journal/hash.h"
#include "journal/value_reader.h"
#include "journal/value_sink.h"
#include "journal/values_writer.h"
#include "scripted_file.h"

namespace errand::journal {
namespace {

std::string pattern(std::size_t size, unsigned seed = 1) {
  std::string text(size, '\0');
  for (char& letter : text) letter = static_cast<char>((seed = seed * 1664525 + 1013904223) >> 24);
  return text;
}

class ValuesTest : public ::testing::Test {
 protected:
  StoredBuffer write_all(std::string_view text, std::size_t piece) {
    EXPECT_TRUE(writer_.begin_buffer());
    for (std::size_t at = 0; at < text.size(); at += piece) {
      EXPECT_TRUE(writer_.write(bytes_of(text.substr(at, piece))));
    }
    auto buffer = writer_.end_buffer();
    EXPECT_TRUE(buffer);
    return buffer ? *buffer : StoredBuffer{};
  }
  void expect_stored(const StoredBuffer& buffer, std::string_view text) {
    EXPECT_EQ(buffer.offset % ValuesWriter::alignment, 0U);
    ASSERT_EQ(buffer.length, text.size());
    EXPECT_EQ(buffer.hash, hash_bytes(bytes_of(text)));
    EXPECT_TRUE(state_->content.substr(buffer.offset, buffer.length) == text);
  }
  std::shared_ptr<FileState> state_ = std::make_shared<FileState>();
  int opened_ = 0;
  ValuesWriter writer_{[this]() -> Result<std::unique_ptr<system::File>> {
    ++opened_;
    return open_scripted(state_);
  }};
  ValueReader reader_{open_scripted(state_), "values.0.1.1"};
};

TEST_F(ValuesTest, FileIsOpenedWithTheFirstValue) {
  ASSERT_TRUE(writer_.sync());
  EXPECT_EQ(opened_, 0);
  write_all("a", 1);
  write_all("b", 1);
  EXPECT_EQ(opened_, 1);
}

TEST_F(ValuesTest, PiecesOfAnySizeGiveTheSameBuffer) {
  std::string text = pattern(3'000'001);
  for (std::size_t piece : {1000U, 70'000U, 262'143U, 262'144U, 1'500'000U, 3'000'001U}) {
    expect_stored(write_all(text, piece), text);
  }
  expect_stored(write_all("", 1), "");
}

TEST_F(ValuesTest, LargePiecesAreWrittenFromTheCallersMemory) {
  std::string text = pattern(2'000'000);
  write_all(text, text.size());
  const auto* first = reinterpret_cast<const char*>(state_->append_addresses.front());
  EXPECT_EQ(first, text.data());
  std::size_t total = 0;
  for (std::size_t size : state_->appends) total += size;
  EXPECT_EQ(total, text.size());
}

TEST_F(ValuesTest, SmallPiecesAreGathered) {
  std::string text = pattern(2'000'000);
  write_all(text, 100);
  EXPECT_LE(state_->appends.size(), 3U);
}

TEST_F(ValuesTest, WriteBackStartsWhileAValueIsWritten) {
  std::string text = pattern(1 << 20);
  ASSERT_TRUE(writer_.begin_buffer());
  for (int piece = 0; piece < 33; ++piece) ASSERT_TRUE(writer_.write(bytes_of(text)));
  EXPECT_EQ(state_->writebacks, 4U);
  ASSERT_TRUE(writer_.end_buffer());
}

TEST_F(ValuesTest, AnAbandonedBufferDisturbsNobody) {
  std::string text = pattern(600'000);
  StoredBuffer before = write_all("before", 6);
  ASSERT_TRUE(writer_.begin_buffer());
  ASSERT_TRUE(writer_.write(bytes_of(text)));
  ASSERT_TRUE(writer_.write(bytes_of("staged, never written")));
  writer_.abandon();
  writer_.abandon();
  StoredBuffer after = write_all("after", 5);
  expect_stored(before, "before");
  expect_stored(after, "after");
}

TEST_F(ValuesTest, AFailedWriteLosesOnlyItsBuffer) {
  StoredBuffer before = write_all("before", 6);
  state_->fail_append = 2;  // 0: "before", 1: the gap, 2: the first bytes
  state_->torn = 1001;
  ASSERT_TRUE(writer_.begin_buffer());
  auto failed = writer_.write(bytes_of(pattern(400'000)));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::no_space);
  EXPECT_FALSE(writer_.in_buffer());
  StoredBuffer after = write_all("after", 5);
  expect_stored(before, "before");
  expect_stored(after, "after");
  EXPECT_GE(after.offset, 1001U);
}

TEST_F(ValuesTest, SyncOnlyWhenSomethingIsNewAndAFailureSticks) {
  write_all("x", 1);
  ASSERT_TRUE(writer_.sync());
  ASSERT_TRUE(writer_.sync());
  EXPECT_EQ(state_->syncs, 1U);
  write_all("y", 1);
  state_->fail_sync = true;
  EXPECT_FALSE(writer_.sync());
  state_->fail_sync = false;
  EXPECT_FALSE(writer_.sync());
  EXPECT_FALSE(writer_.begin_buffer());
}

TEST_F(ValuesTest, ContinuesBehindWhatIsThere) {
  state_->content = "left by another process";
  StoredBuffer buffer = write_all("mine", 4);
  EXPECT_EQ(buffer.offset, 64U);
  expect_stored(buffer, "mine");
}

TEST_F(ValuesTest, SmallValuesStayInline) {
  StoredValueSink sink(writer_);
  sink.begin(Codec::msgpack);
  std::string text = pattern(StoredValueSink::stored_size - 1);
  sink.write(text.data(), 10);
  sink.write(text.data() + 10, text.size() - 10);
  ASSERT_TRUE(sink.finish());
  Outcome outcome;
  sink.describe(outcome);
  EXPECT_FALSE(outcome.stored);
  EXPECT_EQ(outcome.codec, Codec::msgpack);
  EXPECT_TRUE(text_of(outcome.inline_bytes) == text);
  EXPECT_EQ(opened_, 0);
}

TEST_F(ValuesTest, LargerValuesAreStoredWithWhatWasCollectedBefore) {
  StoredValueSink sink(writer_);
  for (std::size_t size : {StoredValueSink::stored_size, std::size_t{3'000'000}}) {
    sink.begin(Codec::raw);
    std::string text = pattern(size);
    sink.write(text.data(), 1000);
    sink.write(text.data() + 1000, size - 1000);
    ASSERT_TRUE(sink.finish());
    Outcome outcome;
    sink.describe(outcome);
    EXPECT_TRUE(outcome.stored);
    auto buffers = reader_.read(outcome);
    ASSERT_TRUE(buffers) << buffers.error().message;
    ASSERT_EQ(buffers->size(), 1U);
    EXPECT_TRUE(buffers->front().text() == text);
    sink.reset();
  }
}

TEST_F(ValuesTest, SeveralBuffersKeepTheirBorders) {
  StoredValueSink sink(writer_);
  sink.begin(Codec::pickle);
  sink.write("pickle", 6);
  sink.next_buffer();
  sink.next_buffer();
  sink.write("array", 5);
  ASSERT_TRUE(sink.finish());
  Outcome outcome;
  sink.describe(outcome);
  ASSERT_TRUE(outcome.stored);
  auto buffers = reader_.read(outcome);
  ASSERT_TRUE(buffers);
  ASSERT_EQ(buffers->size(), 3U);
  EXPECT_EQ((*buffers)[0].text(), "pickle");
  EXPECT_EQ((*buffers)[1].text(), "");
  EXPECT_EQ((*buffers)[2].text(), "array");
}

TEST_F(ValuesTest, ADiskErrorIsThrownAndCannotBeSwallowed) {
  StoredValueSink sink(writer_);
  state_->fail_append = 0;
  std::string text = pattern(1'000'000);
  sink.begin(Codec::raw);
  try {
    sink.write(text.data(), text.size());
    FAIL() << "the failed write was not thrown";
  } catch (const std::system_error& thrown) {
    EXPECT_EQ(thrown.code().value(), 28);
  }
  EXPECT_THROW(sink.write("more", 4), std::system_error);
  EXPECT_THROW(sink.next_buffer(), std::system_error);
  auto finished = sink.finish();
  ASSERT_FALSE(finished);
  EXPECT_EQ(finished.error().code, ErrorCode::no_space);

  sink.reset();
  sink.begin(Codec::raw);
  sink.write(text.data(), text.size());
  EXPECT_TRUE(sink.finish());
}

TEST_F(ValuesTest, ResetForgetsAValueThatWasNotFinished) {
  StoredValueSink sink(writer_);
  sink.begin(Codec::raw);
  std::string text = pattern(100'000);
  sink.write(text.data(), text.size());
  sink.reset();
  sink.begin(Codec::msgpack);
  sink.write("next", 4);
  ASSERT_TRUE(sink.finish());
  Outcome outcome;
  sink.describe(outcome);
  EXPECT_FALSE(outcome.stored);
  EXPECT_EQ(text_of(outcome.inline_bytes), "next");
}

TEST_F(ValuesTest, AlteredAndMissingBytesAreCorruptAndNamed) {
  StoredBuffer good = write_all(pattern(100'000), 100'000);
  StoredBuffer flipped = write_all(pattern(100'000, 7), 100'000);
  state_->content[flipped.offset + 5000] ^= 4;
  ASSERT_TRUE(reader_.read(good));
  auto altered = reader_.read(flipped);
  ASSERT_FALSE(altered);
  EXPECT_EQ(altered.error().code, ErrorCode::corrupt);
  EXPECT_NE(altered.error().message.find("values.0.1.1"), std::string::npos);
  EXPECT_NE(altered.error().message.find("offset " + std::to_string(flipped.offset)), std::string::npos);
  std::uint64_t end = state_->content.size();
  for (StoredBuffer beyond :
       {StoredBuffer{0, end + 1, 0}, StoredBuffer{end + 64, 0, 0}, StoredBuffer{64, ~0ULL, 0},
        StoredBuffer{~0ULL, 64, 0}, StoredBuffer{~0ULL, ~0ULL, 0}}) {
    auto missing = reader_.read(beyond);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ErrorCode::corrupt);
  }
}

TEST_F(ValuesTest, SmallBuffersShareViewsLargeOnesHaveTheirOwn) {
  std::vector<StoredBuffer> small;
  std::string text = pattern(100'000);
  for (int count = 0; count < 50; ++count) small.push_back(write_all(text, text.size()));
  for (const StoredBuffer& buffer : small) ASSERT_TRUE(reader_.read(buffer));
  EXPECT_EQ(state_->views, 1U);
  std::string big = pattern(ValueReader::own_view_size);
  StoredBuffer large = write_all(big, big.size());
  auto value = reader_.read(large);
  ASSERT_TRUE(value);
  EXPECT_EQ(state_->views, 2U);
  EXPECT_TRUE(value->text() == big);
  // What was appended after the first view is found all the same.
  StoredBuffer late = write_all("late", 4);
  auto found = reader_.read(late);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->text(), "late");
}

}  // namespace
}  // namespace errand::journal
