// SPDX-License-Identifier: Apache-2.0
// Rows of a database read into columns, beside libpq's binary COPY of the same rows, which is thrown away.
// ERRAND_DATABASE names the folder of a server that tests/database/pg-up or place-up brought up. With --floor
// and a query it prints the floor's seconds alone: what other languages are measured beside.
#include <fstream>

#include "database/connection.h"
#include "errand/data_source.h"
#include "measure.h"

namespace {

constexpr int runs = 7;
constexpr const char* million = "select a, b, c from errand_bench_million";

std::string administrator() {
  const char* folder = std::getenv("ERRAND_DATABASE");
  if (folder == nullptr)
    bench::give_up("ERRAND_DATABASE does not name a server's folder (tests/database/place-up)");
  std::ifstream file(std::string(folder) + "/administrator.uri");
  std::string uri;
  std::getline(file, uri);
  return uri;
}

std::unique_ptr<errand::database::Connection> connect() {
  return bench::must(errand::database::Connection::open(
      bench::must(errand::database::parse_connection_string(administrator()))));
}

void make_million(bool quick) {
  auto connection = connect();
  bench::must(connection->run_script("drop table if exists errand_bench_million"));
  bench::must(connection->run_script(
      "create table errand_bench_million as select i::int4 as a, i * 0.5::float8 as b, i::int8 * 7 as c from "
      "generate_series(1, " +
      std::string(quick ? "1000" : "1000000") + ") i"));
  bench::must(connection->run_script("vacuum analyze errand_bench_million"));
}

double copy_seconds(const std::string& query) {
  auto connection = connect();
  std::vector<double> times;
  for (int run = 0; run < runs; ++run) {
    std::size_t bytes = 0;
    times.push_back(bench::seconds_of([&] {
      bench::must(
          connection->copy_out("copy (" + query + ") to stdout (format binary)", [&](std::string_view piece) {
            bytes += piece.size();
            return errand::Result<void>();
          }));
    }));
    if (bytes == 0) bench::give_up("nothing was copied");
  }
  return bench::median(times);
}

double read_seconds(const std::string& query) {
  errand::DataSource source;
  source.connection_string = administrator();
  source.query = query;
  auto reader = bench::must(errand::DataReader::open(source));
  std::vector<double> times;
  for (int run = 0; run < runs; ++run) {
    times.push_back(bench::seconds_of([&] { (void)bench::must(reader->read_all()); }));
  }
  return bench::median(times);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 2 && words[0] == "--floor") {
    std::printf("%.6f\n", copy_seconds(words[1]));
    return 0;
  }
  const bool quick = std::find(words.begin(), words.end(), "--quick") != words.end();
  make_million(quick);
  const double floor = copy_seconds(million);
  const double read = read_seconds(million);
  std::printf(
      "{\"figure\": \"1,000,000 rows x 3 columns read, C++\", \"value\": %.4f, \"unit\": \"s\", \"floor\": "
      "%.4f, "
      "\"floor_name\": \"libpq's binary COPY of the same, thrown away\", \"target\": \"<= 1.5 x floor\", "
      "\"met\": %s}\n",
      read, floor, read <= 1.5 * floor ? "true" : "false");
  return 0;
}
