// SPDX-License-Identifier: Apache-2.0
#include "database/copy_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "database/numeric.h"
#include "database/source_plan.h"

namespace errand::database {
namespace {

using testing::ElementsAre;

template <class T>
std::string wire(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return {bytes.rbegin(), bytes.rend()};
}

std::string field(const std::string& bytes) {
  return wire(static_cast<std::int32_t>(bytes.size())) + bytes;
}

const std::string null_field = wire(std::int32_t{-1});

std::string row(const std::vector<std::string>& fields) {
  std::string bytes = wire(static_cast<std::int16_t>(fields.size()));
  for (const std::string& one : fields) bytes += one;
  return bytes;
}

const std::string header("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
const std::string trailer = wire(std::int16_t{-1});

ColumnBuilder builder(WireType type, ColumnRequest request = {}) {
  return {ColumnDescription{"c", "c", "", ColumnType::int32}, type, request};
}

struct Outcome {
  Result<void> result;
  std::vector<std::vector<Column>> blocks;
};

/// The stream in pieces of `piece` bytes.
Outcome read_stream(const std::string& stream, std::vector<ColumnBuilder> columns, std::size_t piece,
                    std::uint64_t rows = 1000) {
  Outcome outcome;
  CopyReader reader(std::move(columns), rows, [&](std::vector<Column> block) {
    outcome.blocks.push_back(std::move(block));
    return Result<void>();
  });
  for (std::size_t at = 0; at < stream.size() && outcome.result; at += piece) {
    outcome.result = reader.read(std::string_view(stream).substr(at, piece));
  }
  if (outcome.result) outcome.result = reader.finish();
  return outcome;
}

TEST(CopyReader, ReadsRowsHoweverTheyAreCut) {
  const std::string stream = header + row({field(wire(std::int32_t{7})), field("one")}) +
                             row({null_field, field("")}) + row({field(wire(std::int32_t{-9})), null_field}) +
                             trailer;
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    auto [result, blocks] = read_stream(stream, {builder(WireType::int32), builder(WireType::text)}, piece);
    ASSERT_TRUE(result) << result.error().message;
    ASSERT_EQ(blocks.size(), 1U);
    EXPECT_THAT(std::get<std::vector<std::int32_t>>(blocks[0][0].values), ElementsAre(7, 0, -9));
    EXPECT_THAT(blocks[0][0].missing, ElementsAre(0, 1, 0));
    const auto& text = std::get<TextValues>(blocks[0][1].values);
    EXPECT_THAT((std::vector{text[0], text[1], text[2]}), ElementsAre("one", "", ""));
    EXPECT_THAT(blocks[0][1].missing, ElementsAre(0, 0, 1));
  }
}

TEST(CopyReader, HandsOverBlocks) {
  std::string stream = header;
  for (std::int16_t i = 0; i < 5; ++i) stream += row({field(wire(i))});
  auto [result, blocks] = read_stream(stream + trailer, {builder(WireType::int16)}, 1 << 20, 2);
  ASSERT_TRUE(result);
  ASSERT_EQ(blocks.size(), 3U);
  EXPECT_EQ(blocks[1][0].size(), 2U);
  EXPECT_THAT(std::get<std::vector<std::int16_t>>(blocks[2][0].values), ElementsAre(4));
}

TEST(CopyReader, NoRowsAreOneEmptyBlock) {
  auto [result, blocks] = read_stream(header + trailer, {builder(WireType::float64)}, 1 << 20);
  ASSERT_TRUE(result);
  ASSERT_EQ(blocks.size(), 1U);
  EXPECT_EQ(blocks[0][0].size(), 0U);
}

TEST(CopyReader, RefusesWhatIsNoSuchStream) {
  const std::string good = row({field(wire(std::int32_t{1}))});
  for (const std::string& stream :
       {std::string("PGCOPX"), header, header + good, header + row({}) + trailer,
        header + row({field("abc")}) + trailer, header + row({wire(std::int32_t{-2})}) + trailer,
        header + wire(std::int16_t{-3}), header + good.substr(0, 7)}) {
    auto outcome = read_stream(stream, {builder(WireType::int32)}, 3);
    ASSERT_FALSE(outcome.result) << stream.size();
    EXPECT_EQ(outcome.result.error().code, ErrorCode::corrupt);
  }
}

TEST(ColumnBuilder, CountsDaysAndMomentsFrom1970) {
  auto days = builder(WireType::date);
  ASSERT_TRUE(days.append(wire(std::int32_t{0})));
  ASSERT_TRUE(days.append(wire(std::numeric_limits<std::int32_t>::max())));
  Column column = days.take();
  EXPECT_THAT(std::get<std::vector<std::int32_t>>(column.values), ElementsAre(10957, 0));
  EXPECT_THAT(column.missing, ElementsAre(0, 1));
  auto moments = builder(WireType::timestamp);
  ASSERT_TRUE(moments.append(wire(std::int64_t{1})));
  EXPECT_THAT(std::get<std::vector<std::int64_t>>(moments.take().values), ElementsAre(946684800000001));
}

TEST(ColumnBuilder, LevelsComeInTheOrderOfTheirFirstValue) {
  auto factor = builder(WireType::factor);
  for (const char* value : {"b", "b", "a", "b"}) ASSERT_TRUE(factor.append(value));
  factor.append_null();
  Column first = factor.take();
  EXPECT_THAT(std::get<std::vector<std::int32_t>>(first.values), ElementsAre(0, 0, 1, 0, -1));
  EXPECT_THAT(first.levels, ElementsAre("b", "a"));
  ASSERT_TRUE(factor.append("c"));
  Column second = factor.take();
  EXPECT_THAT(std::get<std::vector<std::int32_t>>(second.values), ElementsAre(2));
  EXPECT_THAT(second.levels, ElementsAre("b", "a", "c"));
}

TEST(ColumnBuilder, AValueThatIsNoGivenLevelIsMissing) {
  ColumnRequest request;
  request.levels = {"x", "y"};
  request.new_levels = {"ex", "why"};
  auto factor = builder(WireType::factor, request);
  for (const char* value : {"y", "z", "z", "x"}) ASSERT_TRUE(factor.append(value));
  const Column column = factor.take();
  EXPECT_THAT(std::get<std::vector<std::int32_t>>(column.values), ElementsAre(1, -1, -1, 0));
  EXPECT_THAT(column.missing, ElementsAre(0, 1, 1, 0));
  EXPECT_THAT(column.levels, ElementsAre("ex", "why"));
}

/// digits to the base 10000.
std::string numeric(std::int16_t weight, std::uint16_t sign, const std::vector<std::int16_t>& digits) {
  std::string bytes =
      wire(static_cast<std::int16_t>(digits.size())) + wire(weight) + wire(sign) + wire(std::int16_t{0});
  for (std::int16_t digit : digits) bytes += wire(digit);
  return bytes;
}

TEST(Numeric, IsTheNearestDouble) {
  EXPECT_EQ(numeric_to_double(numeric(0, 0, {})), 0.0);
  EXPECT_EQ(numeric_to_double(numeric(0, 0, {42})), 42.0);
  EXPECT_EQ(numeric_to_double(numeric(0, 0x4000, {3, 1415})), -3.1415);
  EXPECT_EQ(numeric_to_double(numeric(-1, 0, {1000})), 0.1);
  EXPECT_EQ(numeric_to_double(numeric(0, 0, {3, 1415, 9265, 3589, 7932, 3846})), 3.14159265358979323846);
  EXPECT_EQ(numeric_to_double(numeric(4, 0, {1234, 5678, 9012, 3456, 7890})), 12345678901234567890.0);
  EXPECT_EQ(numeric_to_double(numeric(100, 0, {1})), HUGE_VAL);
  EXPECT_EQ(numeric_to_double(numeric(-100, 0, {1})), 0.0);
  EXPECT_EQ(numeric_to_double(numeric(0, 0xD000, {})), HUGE_VAL);
  EXPECT_EQ(numeric_to_double(numeric(0, 0xF000, {})), -HUGE_VAL);
  EXPECT_TRUE(std::isnan(*numeric_to_double(numeric(0, 0xC000, {}))));
  EXPECT_EQ(numeric_to_double(""), std::nullopt);
  EXPECT_EQ(numeric_to_double(numeric(0, 0, {1}) + "x"), std::nullopt);
  EXPECT_EQ(numeric_to_double(numeric(0, 0, {-1})), std::nullopt);
}

std::string parts_of(std::string_view text) {
  auto parts = split_table_name(text);
  if (!parts) return "refused";
  std::string joined;
  for (const NamePart& part : *parts) joined += (part.quoted ? "q:" : "") + part.text + '|';
  return joined;
}

TEST(TableName, IsSplitAtDots) {
  EXPECT_EQ(parts_of("flights"), "flights|");
  EXPECT_EQ(parts_of("public.flights"), "public|flights|");
  EXPECT_EQ(parts_of("\"My. Schema\".\"a\"\"b\""), "q:My. Schema|q:a\"b|");
  EXPECT_EQ(parts_of("[dbo].[my]]table]"), "q:dbo|q:my]table|");
  EXPECT_EQ(parts_of("db.dbo.t; drop table x"), "db|dbo|t; drop table x|");
  for (const char* text : {"", ".", "a.", ".a", "a..b", "a.b.c.d", "\"a", "[a", "\"a\"b", "\"\""}) {
    EXPECT_EQ(parts_of(text), "refused") << text;
  }
  EXPECT_EQ(*quote_identifier("a\"; drop table x; --"), "\"a\"\"; drop table x; --\"");
  EXPECT_FALSE(quote_identifier(""));
}

}  // namespace
}  // namespace errand::database
