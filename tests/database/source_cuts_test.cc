// SPDX-License-Identifier: Apache-2.0
// The connection that a data source is read by is cut at every message and in the middle of every answer: the
// rows are all there, or the reader says that they are not.
#include <gmock/gmock.h>

#include <algorithm>

#include "cutting_proxy.h"
#include "database_fixture.h"
#include "errand/data_source.h"

namespace errand::database {
namespace {

constexpr std::size_t rows = 40;
constexpr std::size_t block_size = 16;

class DatabaseSourceCutsTest : public DatabaseFixture {
 protected:
  void SetUp() override {
    DatabaseFixture::SetUp();
    folder_of_proxy_ = "/tmp/errand-source-cuts-" + std::to_string(getpid());
  }
  void TearDown() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_of_proxy_, ignored);
  }

  static DataSource source_of(const std::string& uri) {
    DataSource source;
    source.connection_string = uri;
    source.query = "select i, 'row ' || i || repeat('x', 200) as t from generate_series(1, 40) i order by i";
    return source;
  }
  DataSource source_by(const CuttingProxy& proxy) const {
    return source_of(proxy.uri_of("alice", target_as("alice").parameters.at("password")));
  }
  /// Whether these are the rows from `first` on.
  static bool are_right(const std::vector<Column>& block, std::size_t first) {
    const auto& numbers = std::get<std::vector<std::int32_t>>(block.at(0).values);
    const auto& texts = std::get<TextValues>(block.at(1).values);
    bool right = texts.size() == numbers.size();
    for (std::size_t i = 0; right && i < numbers.size(); ++i) {
      const std::string number = std::to_string(first + i + 1);
      right = std::to_string(numbers[i]) == number && texts[i] == "row " + number + std::string(200, 'x');
    }
    return right;
  }
  static void expect_it_may_be_tried_again(const Error& error) {
    EXPECT_TRUE(error.transient) << error.message;
    EXPECT_THAT(error.message,
                testing::AnyOf(testing::HasSubstr("was lost"), testing::HasSubstr("no connection to")));
    EXPECT_THAT(error.message, testing::Not(testing::HasSubstr("alice-secret")));
  }

  std::string folder_of_proxy_;
};

TEST_F(DatabaseSourceCutsTest, AllRowsOrAnError) {
  int errors = 0;
  const auto read = [&](const CuttingProxy& proxy) {
    auto reader = DataReader::open(source_by(proxy));
    auto columns = reader ? (*reader)->read_all() : Result<std::vector<Column>>(reader.error());
    if (columns) {
      EXPECT_EQ(columns->at(0).size(), rows);
      EXPECT_TRUE(are_right(*columns, 0));
      return;
    }
    ++errors;
    expect_it_may_be_tried_again(columns.error());
  };
  EXPECT_GT(cut_at_every_message(folder_of_proxy_, target_as("administrator"), read), static_cast<int>(rows));
  EXPECT_GT(errors, 0);
}

TEST_F(DatabaseSourceCutsTest, WhatHadComeInBlocksWasRight) {
  const auto read = [&](const CuttingProxy& proxy) {
    auto reader = DataReader::open(source_by(proxy));
    if (!reader) return expect_it_may_be_tried_again(reader.error());
    std::size_t got = 0;
    auto done = (*reader)->read_blocks(block_size, [&](std::vector<Column> block) {
      EXPECT_TRUE(are_right(block, got));
      EXPECT_EQ(block.at(0).size(), std::min(block_size, rows - got)) << "no block is cut short";
      got += block.at(0).size();
      return Result<void>();
    });
    if (!done) return expect_it_may_be_tried_again(done.error());
    EXPECT_EQ(got, rows);
  };
  cut_at_every_message(folder_of_proxy_, target_as("administrator"), read);
}

}  // namespace
}  // namespace errand::database
