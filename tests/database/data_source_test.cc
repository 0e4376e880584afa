// SPDX-License-Identifier: Apache-2.0
// Data sources on a real server: every type, every choice of columns, and what is refused.
#include "errand/data_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "database_fixture.h"
#include "unit/client/scoped_variable.h"

namespace errand {
namespace {

using client::ScopedVariable;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

template <class T>
const std::vector<T>& values_of(const Column& column) {
  return std::get<std::vector<T>>(column.values);
}

class DatabaseSourceTest : public database::DatabaseFixture {
 protected:
  void SetUp() override {
    DatabaseFixture::SetUp();
    if (IsSkipped()) return;
    schema_ = "sources_" + std::to_string(getpid());
    auto made = administrator().run_script("create schema " + schema_ + "; grant usage on schema " + schema_ +
                                           " to public; set search_path to " + schema_);
    ASSERT_TRUE(made) << made.error().message;
  }
  void TearDown() override {
    if (schema_.empty()) return;
    EXPECT_TRUE(administrator().run_script("drop schema " + schema_ + " cascade"));
  }

  void make(const std::string& script) {
    auto done = administrator().run_script(script + "; grant select on all tables in schema " + schema_ +
                                           " to public");
    ASSERT_TRUE(done) << done.error().message;
  }
  DataSource source_of(const std::string& query) {
    DataSource source;
    source.connection_string = uri_of("alice");
    source.query = query;
    return source;
  }
  std::vector<Column> read(const DataSource& source) {
    auto reader = DataReader::open(source);
    EXPECT_TRUE(reader) << reader.error().message << " " << reader.error().hint;
    if (!reader) return {};
    auto columns = (*reader)->read_all();
    EXPECT_TRUE(columns) << columns.error().message;
    return columns ? *std::move(columns) : std::vector<Column>();
  }
  Error refused(const DataSource& source) {
    auto reader = DataReader::open(source);
    if (!reader) return reader.error();
    auto columns = (*reader)->read_all();
    EXPECT_FALSE(columns);
    return columns ? Error{} : columns.error();
  }

  std::string schema_;
};

TEST_F(DatabaseSourceTest, ReadsEveryType) {
  const auto columns = read(source_of(
      "select true as b, 1::int2 as i2, -2 as i4, 3000000000 as i8, 1.5::float4 as f4, 2.5::float8 as f8, "
      "-12345.678::numeric as n, 'Ärger'::text as t, 'v'::varchar as v, 'c'::char(5) as c, 'n'::name as nm, "
      "date '2013-01-02' as d, timestamp '2013-01-02 03:04:05.678901' as ts, "
      "timestamptz '2013-01-02 03:04:05+02' as tz, '\\x00ff'::bytea as raw, 'q' as literal, 42::oid as o"));
  ASSERT_EQ(columns.size(), 17U);
  EXPECT_THAT(values_of<std::uint8_t>(columns[0]), ElementsAre(1));
  EXPECT_THAT(values_of<std::int16_t>(columns[1]), ElementsAre(1));
  EXPECT_THAT(values_of<std::int32_t>(columns[2]), ElementsAre(-2));
  EXPECT_THAT(values_of<std::int64_t>(columns[3]), ElementsAre(3000000000));
  EXPECT_THAT(values_of<float>(columns[4]), ElementsAre(1.5F));
  EXPECT_THAT(values_of<double>(columns[5]), ElementsAre(2.5));
  EXPECT_THAT(values_of<double>(columns[6]), ElementsAre(-12345.678));
  const std::vector<std::string_view> texts{"Ärger", "v", "c", "n"};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(std::get<TextValues>(columns[7 + i].values)[0], texts[i]);
  }
  EXPECT_THAT(values_of<std::int32_t>(columns[11]), ElementsAre(15707));
  EXPECT_THAT(values_of<std::int64_t>(columns[12]), ElementsAre(1357095845678901));
  EXPECT_THAT(values_of<std::int64_t>(columns[13]), ElementsAre(1357088645000000));
  EXPECT_EQ(std::get<TextValues>(columns[14].values)[0], std::string_view("\0\xff", 2));
  EXPECT_EQ(columns[13].about.type, ColumnType::timestamp_tz);
  EXPECT_EQ(columns[6].about.sql_type, "numeric");
}

TEST_F(DatabaseSourceTest, NumericIsAsTheServerCastsIt) {
  const auto columns = read(source_of(
      "select n, n::float8 as f from (select (random() * 10 ^ (i % 40 - 20))::numeric as n from "
      "generate_series(1, 2000) i union all values (0.1), (1e300), ('NaN'), (-0.30000000000000004)) s"));
  const auto& ours = values_of<double>(columns[0]);
  const auto& theirs = values_of<double>(columns[1]);
  for (std::size_t i = 0; i < ours.size(); ++i) {
    EXPECT_TRUE(ours[i] == theirs[i] || (std::isnan(ours[i]) && std::isnan(theirs[i]))) << theirs[i];
  }
}

TEST_F(DatabaseSourceTest, NullsAreMissing) {
  const auto columns =
      read(source_of("select i, null::text as t, nullif(i, 2)::float8 as f from generate_series(1, 3) i"));
  EXPECT_TRUE(columns[0].missing.empty());
  EXPECT_THAT(columns[1].missing, ElementsAre(1, 1, 1));
  EXPECT_THAT(columns[2].missing, ElementsAre(0, 1, 0));
  EXPECT_TRUE(std::isnan(values_of<double>(columns[2])[1]));
}

TEST_F(DatabaseSourceTest, ATableIsFoundAsSqlFindsIt) {
  make(
      "create table flights (a int); insert into flights values (7); create table \"Flights 2\" (\"A b\" "
      "int)");
  DataSource source = source_of("");
  for (const std::string& name :
       {schema_ + ".flights", schema_ + ".FLIGHTS", "[" + schema_ + "].[flights]"}) {
    source.table = name;
    EXPECT_THAT(values_of<std::int32_t>(read(source).at(0)), ElementsAre(7)) << name;
  }
  source.table = schema_ + ".Flights 2";
  EXPECT_EQ(read(source).at(0).about.name, "A b");
  source.table = schema_ + ".\"FLIGHTS\"";
  EXPECT_THAT(refused(source).message, HasSubstr("there is no table"));
  source.table = "flights; drop table flights";
  EXPECT_THAT(refused(source).message, HasSubstr("there is no table"));
}

TEST_F(DatabaseSourceTest, TakesTheColumnsAndRowsThatAreAskedFor) {
  DataSource source = source_of(
      "select i as a, i * 2 as b, i * 3 as \"C c\" from generate_series(1, 10) i order by 1 -- all;");
  source.keep = {"C c", "a"};
  source.skip = 2;
  source.most = 3;
  auto columns = read(source);
  ASSERT_EQ(columns.size(), 2U);
  EXPECT_THAT(values_of<std::int32_t>(columns[0]), ElementsAre(3, 4, 5));
  EXPECT_EQ(columns[1].about.name, "C c");
  source.keep.clear();
  source.drop = {"a", "b"};
  source.columns = {{"C c", "third", ColumnType::float64, {}, {}}};
  columns = read(source);
  EXPECT_EQ(columns.at(0).about.name, "third");
  EXPECT_THAT(values_of<double>(columns[0]), ElementsAre(9, 12, 15));
}

TEST_F(DatabaseSourceTest, CastsAndCountsLevels) {
  make("create type mood as enum ('sad', 'happy')");
  DataSource source = source_of(
      "select i % 2 = 0 as even, i::text as number, i as whole, (array['sad','happy'])[1 + i % 2]::" +
      schema_ + ".mood as mood from generate_series(1, 3) i");
  source.text_as_factors = true;
  source.columns = {{"even", "", ColumnType::int16, {}, {}},
                    {"number", "", ColumnType::float64, {}, {}},
                    {"whole", "", ColumnType::factor, {"1", "3"}, {"one", "three"}}};
  const auto columns = read(source);
  EXPECT_THAT(values_of<std::int16_t>(columns[0]), ElementsAre(0, 1, 0));
  EXPECT_THAT(values_of<double>(columns[1]), ElementsAre(1, 2, 3));
  EXPECT_THAT(values_of<std::int32_t>(columns[2]), ElementsAre(0, -1, 1));
  EXPECT_THAT(columns[2].levels, ElementsAre("one", "three"));
  EXPECT_THAT(columns[3].levels, ElementsAre("happy", "sad"));
}

TEST_F(DatabaseSourceTest, ReadsInBlocks) {
  auto reader = DataReader::open(source_of("select i from generate_series(1, 2500) i"));
  ASSERT_TRUE(reader);
  EXPECT_EQ((*reader)->count_rows().value_or(0), 2500U);
  std::vector<std::size_t> sizes;
  const auto note = [&](std::vector<Column> block) {
    sizes.push_back(block[0].size());
    return Result<void>();
  };
  ASSERT_TRUE((*reader)->read_blocks(1000, note));
  EXPECT_THAT(sizes, ElementsAre(1000, 1000, 500));
  auto stopped = (*reader)->read_blocks(1000, [](std::vector<Column>) {
    return Error{ErrorCode::interrupted, "enough", false, {}, 0};
  });
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().message, "enough");
  EXPECT_TRUE((*reader)->read_blocks(1000, note)) << "the session is still good";
}

TEST_F(DatabaseSourceTest, RefusesWithASentence) {
  EXPECT_THAT(refused(source_of("select '1 day'::interval as gap")).message,
              HasSubstr("column 'gap' is of type interval"));
  EXPECT_THAT(refused(source_of("select '1 day'::interval as gap")).hint, HasSubstr("gap::text"));
  EXPECT_THAT(refused(source_of("select 1 as a, 2 as a")).message, HasSubstr("two columns"));
  EXPECT_FALSE(refused(source_of("select 1; select 2")).message.empty());
  EXPECT_FALSE(refused(source_of("create table x (a int)")).message.empty());
  const Error nowhere = refused(source_of("select * from nowhere"));
  EXPECT_EQ(nowhere.code, ErrorCode::invalid_argument);
  EXPECT_THAT(nowhere.hint, Not(HasSubstr("database init")));
  EXPECT_FALSE(
      refused(source_of("select 1) to stdout; drop schema " + schema_ + " cascade; --")).message.empty());
  EXPECT_FALSE(refused(source_of("select 1/0 as never")).message.empty());
  EXPECT_THAT(refused(source_of(" ; ")).message, HasSubstr("empty"));
  EXPECT_THAT(refused(DataSource{}).message, Not(HasSubstr("secret")));
  DataSource source = source_of("select 1 as a");
  source.keep = {"b"};
  EXPECT_THAT(refused(source).hint, HasSubstr("there are: a"));
  source.keep.clear();
  source.columns = {{"a", "", ColumnType::factor, {"1"}, {"x", "y"}}};
  EXPECT_THAT(refused(source).message, HasSubstr("1 levels and 2 new ones"));
  source = source_of("select 'x' as a");
  source.columns = {{"a", "", ColumnType::int32, {}, {}}};
  EXPECT_EQ(refused(source).code, ErrorCode::invalid_argument);
  EXPECT_THAT(refused(source).message, HasSubstr("invalid input syntax"));
}

TEST_F(DatabaseSourceTest, APasswordIsRememberedAndNotWritten) {
  ConnectionParts parts;
  parts.connection_string = uri_of("alice") + "?application_name=test%20me";
  const auto written = remember_connection(parts);
  ASSERT_TRUE(written);
  EXPECT_THAT(*written, Not(HasSubstr("secret")));
  EXPECT_THAT(*written, HasSubstr("application_name=test%20me"));
  DataSource source = source_of("select current_user::text as who");
  source.connection_string = *written;
  EXPECT_EQ(std::get<TextValues>(read(source).at(0).values)[0], "alice");
  parts.user = "bob";
  parts.password = "bob-secret";
  source.connection_string = *remember_connection(parts);
  EXPECT_EQ(std::get<TextValues>(read(source).at(0).values)[0], "bob");
}

TEST_F(DatabaseSourceTest, InATaskItIsTheTasksOwnSession) {
  const auto administrator = target_as("administrator").parameters;
  ScopedVariable place("ERRAND_IN_DATABASE", "postgresql://alice@elsewhere.example:7/db");
  ScopedVariable host("PGHOST", administrator.at("host").c_str());
  ScopedVariable port("PGPORT", administrator.at("port").c_str());
  ScopedVariable user("PGUSER", administrator.at("user").c_str());
  ScopedVariable name("PGDATABASE", administrator.at("dbname").c_str());
  DataSource source = source_of("select current_user::text as who");
  for (const char* text : {"", "postgresql://alice@elsewhere.example:7/db?sslmode=require",
                           "Driver=PostgreSQL;Server=elsewhere.example,7;Database=db;UID=alice;PWD=x"}) {
    source.connection_string = text;
    EXPECT_EQ(std::get<TextValues>(read(source).at(0).values)[0], "postgres") << text;
  }
}

TEST_F(DatabaseSourceTest, WhatLeadsATaskToItsOwnDatabaseDoesNotMisleadItToAnother) {
  ScopedVariable place("ERRAND_IN_DATABASE", "postgresql://alice@elsewhere.example:7/db");
  ScopedVariable options("PGOPTIONS", "-c role=no_such_role");
  ScopedVariable user("PGUSER", "errand_w1");
  ScopedVariable name("PGDATABASE", "no_such_database");
  EXPECT_EQ(std::get<TextValues>(read(source_of("select current_user::text as who")).at(0).values)[0],
            "alice");
}

TEST_F(DatabaseSourceTest, InATaskAnotherServersPasswordIsExplained) {
  ScopedVariable job("ERRAND_JOB", "rxJob_x");
  DataSource source = source_of("select 1 as a");
  source.connection_string = "postgresql://alice@127.0.0.1:1/nowhere";
  EXPECT_THAT(refused(source).hint, HasSubstr("does not travel"));
}

}  // namespace
}  // namespace errand
