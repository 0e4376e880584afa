// SPDX-License-Identifier: Apache-2.0
#include "journal/record.h"

#include <gtest/gtest.h>

#include <limits>

#include "journal/hash.h"
#include "journal/little_endian.h"
#include "scripted_file.h"

namespace errand::journal {
namespace {

std::vector<std::string> bodies(const std::string& file) {
  std::vector<std::string> found;
  RecordReader reader(bytes_of(file));
  while (auto record = reader.next()) found.emplace_back(record->text());
  return found;
}

/// A record of any type number, known or not.
std::string raw_record(std::uint32_t type, std::uint32_t flags, std::string_view body) {
  std::string out;
  append_record(out, static_cast<RecordType>(type), body, flags);
  return out;
}

TEST(Record, LiesOnDiskAsDocumented) {
  std::string file;
  append_record(file, RecordType::closed, "abc", 2);
  ASSERT_EQ(file.size(), 32U);
  EXPECT_EQ(file.size(), record_size(3));
  EXPECT_EQ(file.substr(0, 16), std::string("\5\0\0\0\2\0\0\0\3\0\0\0\0\0\0\0", 16));
  EXPECT_EQ(file.substr(24), std::string("abc\0\0\0\0\0", 8));
  std::string hashed = file.substr(0, 16) + "abc";
  EXPECT_EQ(load_little<std::uint64_t>(file.data() + 16), hash_bytes(bytes_of(hashed)));
}

TEST(Record, ShortAndLongBodiesHashAlike) {
  for (std::size_t size : {0U, 1U, 223U, 224U, 225U, 240U, 241U, 5000U}) {
    std::string body(size, 'x');
    std::string file = raw_record(3, 0, body);
    std::string hashed = file.substr(0, 16) + body;
    EXPECT_EQ(load_little<std::uint64_t>(file.data() + 16), hash_bytes(bytes_of(hashed))) << size;
  }
}

TEST(Record, BuiltInPlaceIsTheSame) {
  std::string whole = "before--";
  std::string built = whole;
  append_record(whole, RecordType::tasks, "some body", must_understand);
  std::size_t position = begin_record(built);
  built += "some body";
  finish_record(built, position, RecordType::tasks, must_understand);
  EXPECT_EQ(built, whole);
}

TEST(Record, NamesAreThoseOfTheEnumeration) {
  EXPECT_EQ(to_string(RecordType::file_header), "file_header");
  EXPECT_EQ(to_string(RecordType::tasks), "tasks");
  EXPECT_EQ(to_string(RecordType::function), "function");
  EXPECT_EQ(to_string(static_cast<RecordType>(0)), "unknown");
  EXPECT_EQ(to_string(RecordType::vouched), "vouched");
  EXPECT_EQ(to_string(RecordType::submission), "submission");
  EXPECT_EQ(to_string(static_cast<RecordType>(18)), "unknown");
  EXPECT_EQ(to_string(static_cast<RecordType>(0x8000)), "unknown");
}

TEST(RecordReader, GivesWhatWasWrittenWithOffsets) {
  std::string file = raw_record(2, 0, "manifest") + raw_record(6, 1, "") + raw_record(5, 0, "123456789");
  RecordReader reader(bytes_of(file), 1000);
  auto first = reader.next();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->type, RecordType::manifest);
  EXPECT_EQ(first->offset, 1000U);
  EXPECT_EQ(first->text(), "manifest");
  auto second = reader.next();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->flags, 1U);
  EXPECT_EQ(second->offset, 1032U);
  EXPECT_TRUE(second->body.empty());
  auto third = reader.next();
  ASSERT_TRUE(third);
  EXPECT_EQ(third->text(), "123456789");
  EXPECT_FALSE(reader.next());
  EXPECT_EQ(reader.good_end(), 1000 + file.size());
  EXPECT_EQ(reader.dropped(), "");
}

TEST(RecordReader, KeepsThePrefixOfATornFile) {
  std::string good = raw_record(2, 0, "kept");
  std::string file = good + raw_record(3, 0, "this one is torn");
  for (std::size_t size = good.size() + 1; size < file.size(); ++size) {
    std::string torn = file.substr(0, size);
    RecordReader reader(bytes_of(torn), 8);
    ASSERT_TRUE(reader.next());
    EXPECT_FALSE(reader.next());
    EXPECT_EQ(reader.good_end(), 8 + good.size());
    EXPECT_NE(reader.dropped().find("offset " + std::to_string(8 + good.size())), std::string::npos);
  }
}

TEST(RecordReader, StopsAtAlteredBytes) {
  std::string first = raw_record(2, 0, "kept");
  std::string file = first + raw_record(3, 0, "altered") + raw_record(4, 0, "behind it");
  file[first.size() + record_header_size] ^= 1;
  RecordReader reader(bytes_of(file));
  ASSERT_TRUE(reader.next());
  EXPECT_FALSE(reader.next());
  EXPECT_EQ(reader.good_end(), first.size());
  EXPECT_NE(reader.dropped().find("checksum"), std::string::npos) << reader.dropped();
}

TEST(RecordReader, SkipsUnknownTypesAndRefusesRequiredOnes) {
  std::string skipped = raw_record(2, 0, "a") + raw_record(0x8001, 0, "private") + raw_record(3, 0, "b");
  EXPECT_EQ(bodies(skipped), (std::vector<std::string>{"a", "b"}));

  std::string first = raw_record(2, 0, "a");
  std::string refused = first + raw_record(99, must_understand, "new") + raw_record(3, 0, "b");
  RecordReader reader(bytes_of(refused));
  ASSERT_TRUE(reader.next());
  EXPECT_FALSE(reader.next());
  EXPECT_EQ(reader.good_end(), first.size());
  EXPECT_NE(reader.dropped().find("99"), std::string::npos) << reader.dropped();
}

TEST(RecordReader, CountsASkippedRecordAtTheEndAsGood) {
  std::string file = raw_record(2, 0, "a") + raw_record(77, 0, "later minor");
  RecordReader reader(bytes_of(file));
  ASSERT_TRUE(reader.next());
  EXPECT_FALSE(reader.next());
  EXPECT_EQ(reader.good_end(), file.size());
}

TEST(RecordReader, LengthsThatWouldWrapAreTorn) {
  for (std::uint64_t length :
       {std::numeric_limits<std::uint64_t>::max(), std::numeric_limits<std::uint64_t>::max() - 7,
        std::numeric_limits<std::uint64_t>::max() - 31, std::uint64_t{1} << 63}) {
    std::string file = raw_record(2, 0, "body");
    store_little(file.data() + 8, length);
    RecordReader reader(bytes_of(file));
    EXPECT_FALSE(reader.next());
    EXPECT_EQ(reader.good_end(), 0U);
    EXPECT_NE(reader.dropped(), "");
  }
}

TEST(RecordReader, ZerosAreNoRecord) {
  std::string zeros(64, '\0');
  RecordReader reader(bytes_of(zeros));
  EXPECT_FALSE(reader.next());
  EXPECT_NE(reader.dropped(), "");
}

Result<FileHeader> parse(const std::string& file, std::string_view kind) {
  RecordReader reader(bytes_of(file));
  auto record = reader.next();
  return parse_file_header(record.value(), kind);
}

TEST(FileHeader, ComesBackAsItWent) {
  FileHeader header{.kind = "log", .job = "rxJob_x", .chunk = 7, .generation = 2, .worker = 4'000'000'000U};
  std::string file;
  append_file_header(file, header);
  auto found = parse(file, "log");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->major, 1);
  EXPECT_EQ(found->minor, 0);
  EXPECT_EQ(found->kind, "log");
  EXPECT_EQ(found->job, "rxJob_x");
  EXPECT_EQ(found->chunk, 7U);
  EXPECT_EQ(found->generation, 2U);
  EXPECT_EQ(found->worker, 4'000'000'000U);
}

TEST(FileHeader, OfAnotherKindIsCorruptAndNamesBoth) {
  std::string file;
  append_file_header(file, {.kind = "claim", .job = "rxJob_x"});
  auto found = parse(file, "log");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::corrupt);
  EXPECT_NE(found.error().message.find("'claim'"), std::string::npos);
  EXPECT_NE(found.error().message.find("'log'"), std::string::npos);
}

TEST(FileHeader, HigherMajorIsRefusedWithBothVersionsHigherMinorIsRead) {
  std::string newer;
  append_file_header(newer, {.major = 2, .minor = 5, .kind = "something else", .job = ""});
  auto refused = parse(newer, "log");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::version_mismatch);
  EXPECT_NE(refused.error().message.find("2.5"), std::string::npos) << refused.error().message;
  EXPECT_NE(refused.error().message.find("1.0"), std::string::npos) << refused.error().message;

  std::string minor;
  append_file_header(minor, {.minor = 9, .kind = "log", .job = "rxJob_x"});
  auto read = parse(minor, "log");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->minor, 9);
}

TEST(FileHeader, WrongBodiesAreCorrupt) {
  using namespace std::literals;
  std::string deep(100'000, '\x91');
  for (std::string_view body :
       {""sv, "\xc0"sv, "\x80"sv, "\x93\1\2\3"sv, "text"sv, "\x81\xa5major\x01"sv,
        "\x82\xa5major\xa1x\xa5minor\x00"sv, "\x82\xa5major\xff\xa5minor\x00"sv,
        "\x82\xa5major\x00\xa5minor\x00"sv, "\x82\xa5major\xce\x00\x01\x00\x01\xa5minor\x00"sv,
        "\xdf\xff\xff\xff\xff"sv, "\xc6\xff\xff\xff\xff"sv, "\xdd\xff\xff\xff\xff"sv, "\xc1"sv,
        "\x83\xa5major\x01\xa5minor\x00\xa4kind\xa3log"sv, std::string_view(deep)}) {
    auto found = parse(raw_record(1, 0, body), "log");
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ErrorCode::corrupt) << found.error().message;
  }
  EXPECT_FALSE(parse(raw_record(2, 0, "x"), "log"));
}

}  // namespace
}  // namespace errand::journal
