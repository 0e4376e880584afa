// SPDX-License-Identifier: Apache-2.0
// Real data: the monthly winds over the globe, 1982 to 1992, read by a client and next to the data. What is
// checked was counted and averaged from the file itself, without a database.
#include <sys/wait.h>

#include <cmath>
#include <cstdlib>

#include "errand/data_source.h"
#include "launchpad_fixture.h"

namespace errand::database {
namespace {

constexpr std::uint64_t months = 132;
constexpr std::uint64_t latitudes = 73;
constexpr std::uint64_t longitudes = 144;
constexpr std::uint64_t all_rows = months * latitudes * longitudes;
constexpr double near = 1e-4;

/// The mean of the zonal wind at one latitude: the westerlies of the south, the doldrums, the trades, the
/// westerlies of the north, in m/s.
struct ZonalMean {
  float latitude;
  double wind;
};
constexpr ZonalMean zonal_means[] = {{-50, 8.648331}, {0, -1.394435}, {20, -3.301237}, {50, 2.062776}};

DataSource winds_of(const std::string& table, const std::string& uri) {
  DataSource source;
  source.connection_string = uri;
  source.table = table;
  source.keep = {"latitude", "zonal"};
  return source;
}

/// Number of rows, and the mean at each of the latitudes above; empty: it could not be read.
std::vector<double> count_and_average(DataReader& reader) {
  constexpr std::uint64_t block = 100'000;
  double count = 0;
  std::vector<double> sums(std::size(zonal_means));
  std::vector<double> members(std::size(zonal_means));
  auto done = reader.read_blocks(block, [&](std::vector<Column> columns) {
    const auto& latitude = std::get<std::vector<float>>(columns.at(0).values);
    const auto& wind = std::get<std::vector<float>>(columns.at(1).values);
    for (std::size_t row = 0; row < wind.size(); ++row) {
      for (std::size_t i = 0; i < sums.size(); ++i) {
        if (latitude[row] != zonal_means[i].latitude) continue;
        sums[i] += double{wind[row]};
        members[i] += 1;
      }
    }
    count += static_cast<double>(wind.size());
    return Result<void>();
  });
  if (!done) return {};
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] /= members[i];
  sums.insert(sums.begin(), count);
  return sums;
}

/// As the task's submitter, by the connection that the launchpad gives the task.
std::vector<double> count_and_average_here(std::string table) {
  auto reader = DataReader::open(winds_of(table, ""));
  return reader ? count_and_average(**reader) : std::vector<double>();
}
const Function<std::vector<double>, std::string> average_winds =
    function("database.average_winds", count_and_average_here);

class DatabaseServerWindsTest : public LaunchpadFixture {
 protected:
  void SetUp() override {
    LaunchpadFixture::SetUp();
    if (IsSkipped()) return;
    const std::string load = "\"$ERRAND_TEST_SOURCE\"/tests/database/load-winds " + folder_ + " " + table_;
    const int status = std::system(load.c_str());
    ASSERT_TRUE(WIFEXITED(status));
    if (WEXITSTATUS(status) == 3) GTEST_SKIP() << "no winds: tools/install_packages database_data";
    ASSERT_EQ(WEXITSTATUS(status), 0);
  }
  void TearDown() override {
    if (!folder_.empty()) {
      EXPECT_TRUE(own_administrator().run_script("drop table if exists " + table_));
    }
    LaunchpadFixture::TearDown();
  }
  static void expect_the_winds(const std::vector<double>& read) {
    ASSERT_EQ(read.size(), 1 + std::size(zonal_means));
    EXPECT_EQ(read[0], double{all_rows});
    for (std::size_t i = 0; i < std::size(zonal_means); ++i) {
      EXPECT_NEAR(read[i + 1], zonal_means[i].wind, near) << zonal_means[i].latitude;
    }
  }

  const std::string table_ = "winds_" + std::to_string(getpid());
};

TEST_F(DatabaseServerWindsTest, AreReadByAClientAndInATask) {
  const DataSource source = winds_of(table_, uri_of("alice"));
  auto reader = DataReader::open(source);
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ((*reader)->count_rows().value_or(0), all_rows);
  expect_the_winds(count_and_average(**reader));
  auto columns = (*reader)->read_all();
  ASSERT_TRUE(columns) << columns.error().message;
  EXPECT_EQ(columns->at(0).size(), all_rows);
  EXPECT_TRUE(columns->at(1).missing.empty());

  start();
  auto job = exec(context_of("alice"), average_winds, table_);
  ASSERT_TRUE(job) << job.error().message;
  auto results = job->results();
  ASSERT_TRUE(results) << results.error().message;
  ASSERT_TRUE(results->succeeded(0)) << results->failure(0)->message;
  expect_the_winds((*results)[0]);
}

}  // namespace
}  // namespace errand::database
