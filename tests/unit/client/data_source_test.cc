// SPDX-License-Identifier: Apache-2.0
#include "errand/data_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace errand {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string packed(const DataSource& source) {
  std::ostringstream bytes;
  msgpack::pack(bytes, source);
  return bytes.str();
}

TEST(DataSourceAsArgument, KeepsAllButItsPassword) {
  DataSource source;
  source.connection_string =
      "Driver=PostgreSQL;Server=db.example,5433;Database=air;UID=ada;PWD={hun;ter2};Encrypt=yes";
  source.query = "select 1";
  source.keep = {"a", "b"};
  source.columns = {{"a", "A", ColumnType::factor, {"x"}, {"y"}}, {"b", "", std::nullopt, {}, {}}};
  source.text_as_factors = true;
  source.skip = 3;
  source.most = 7;
  const std::string bytes = packed(source);
  EXPECT_THAT(bytes, Not(HasSubstr("ter2")));
  const auto arrived = msgpack::unpack(bytes.data(), bytes.size())->as<DataSource>();
  EXPECT_EQ(arrived.connection_string, "postgresql://ada@db.example:5433/air?sslmode=verify-full");
  EXPECT_EQ(arrived.query, "select 1");
  EXPECT_THAT(arrived.keep, ElementsAre("a", "b"));
  ASSERT_EQ(arrived.columns.size(), 2U);
  EXPECT_EQ(arrived.columns[0].new_name, "A");
  EXPECT_EQ(arrived.columns[0].type, ColumnType::factor);
  EXPECT_THAT(arrived.columns[0].levels, ElementsAre("x"));
  EXPECT_THAT(arrived.columns[0].new_levels, ElementsAre("y"));
  EXPECT_EQ(arrived.columns[1].type, std::nullopt);
  EXPECT_TRUE(arrived.text_as_factors);
  EXPECT_EQ(arrived.skip, 3U);
  EXPECT_EQ(arrived.most, 7U);
}

TEST(DataSourceAsArgument, AStringThatCannotBeReadHidesItsPasswordToo) {
  DataSource source;
  source.table = "flights";
  for (const char* text : {"postgresql://ada:hun@ter2@h/d", "Server=h;Nonsense=1;PWD=hunter2"}) {
    source.connection_string = text;
    EXPECT_THAT(packed(source), Not(HasSubstr("ter2"))) << text;
  }
  source.connection_string.clear();
  const std::string bytes = packed(source);
  EXPECT_EQ(msgpack::unpack(bytes.data(), bytes.size())->as<DataSource>().connection_string, "");
}

}  // namespace
}  // namespace errand
