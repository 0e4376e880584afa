// SPDX-License-Identifier: Apache-2.0
// A million rows of a database read into columns by a task that runs next to them, as its submitter and by
// the connection that the launchpad gives it, beside libpq's binary COPY of the same rows, which is thrown
// away, in the same task. bench/run brings server and launchpad up; ERRAND_DATABASE names its folder. The
// rows are those of tests/database/load-winds, or generated ones where these are not to be had. With --make
// it only makes their table and prints what they are; with --floor and a query, in a task, it prints the
// COPY's seconds: what other languages are measured beside.
#include <sys/wait.h>

#include <fstream>

#include "database/connection.h"
#include "errand/data_source.h"
#include "measure.h"

namespace {

constexpr int runs = 7;
constexpr const char* million = "select a, b, c from errand_bench_million";

std::string folder() {
  const char* named = std::getenv("ERRAND_DATABASE");
  if (named == nullptr)
    bench::give_up("ERRAND_DATABASE does not name a server's folder (tests/database/place-up)");
  return named;
}

std::string uri_of(const std::string& role) {
  std::ifstream file(folder() + "/" + role + ".uri");
  std::string uri;
  std::getline(file, uri);
  return uri;
}

std::unique_ptr<errand::database::Connection> connect(const errand::database::Target& target) {
  return bench::must(errand::database::Connection::open(target));
}

/// bench/run has loaded them, if they can be had.
bool has_winds(errand::database::Connection& connection) {
  return bench::must(connection.run("select to_regclass('errand_bench_winds') is not null")).truth(0, 0);
}

/// What the rows are. Three typed columns of each: a date and two numbers, or three numbers.
std::string make_million(bool quick) {
  auto connection = connect(bench::must(errand::database::parse_connection_string(uri_of("administrator"))));
  const std::string rows = quick ? "1000" : "1000000";
  const bool winds = has_winds(*connection);
  bench::must(connection->run_script("drop table if exists errand_bench_million"));
  bench::must(connection->run_script(
      std::string("create table errand_bench_million as ") +
      (winds
           ? "select month as a, zonal::float8 as b, meridional::float8 as c from errand_bench_winds limit " +
                 rows
           : "select i::int4 as a, i * 0.5::float8 as b, i::int8 * 7 as c from generate_series(1, " + rows +
                 ") i")));
  bench::must(connection->run_script("grant select on errand_bench_million to public"));
  bench::must(connection->run_script("vacuum analyze errand_bench_million"));
  return winds ? "winds of 1982 to 1989" : "generated";
}

/// By the task's own connection.
double copy_seconds(const std::string& query) {
  auto connection = connect({});
  std::size_t bytes = 0;
  const double seconds = bench::seconds_of([&] {
    bench::must(
        connection->copy_out("copy (" + query + ") to stdout (format binary)", [&](std::string_view piece) {
          bytes += piece.size();
          return errand::Result<void>();
        }));
  });
  if (bytes == 0) bench::give_up("nothing was copied");
  return seconds;
}

double read_seconds(const std::string& query) {
  errand::DataSource source;
  source.query = query;
  auto reader = bench::must(errand::DataReader::open(source));
  return bench::seconds_of([&] { (void)bench::must(reader->read_all()); });
}

double median_of_runs(double (*measure)(const std::string&), const std::string& query) {
  std::vector<double> times;
  for (int run = 0; run < runs; ++run) times.push_back(measure(query));
  return bench::median(times);
}

/// The COPY's seconds and the reading's, in turn.
std::vector<double> copy_and_read(std::string query) {
  std::vector<double> copied, read;
  for (int run = 0; run < runs; ++run) {
    copied.push_back(copy_seconds(query));
    read.push_back(read_seconds(query));
  }
  return {bench::median(copied), bench::median(read)};
}
const auto copy_and_read_job = errand::function("copy_and_read", copy_and_read);

}  // namespace

int main(int argc, char** argv) {
  errand::init(argc, argv);
  bench::Arguments arguments(argc, argv);
  if (arguments.rest.size() == 2 && arguments.rest[0] == "--floor") {
    std::printf("%.6f\n", median_of_runs(copy_seconds, arguments.rest[1]));
    return 0;
  }
  const std::string rows = make_million(arguments.quick);
  if (arguments.rest == std::vector<std::string>{"--make"}) {
    std::puts(rows.c_str());
    return 0;
  }
  bench::Workspace workspace(arguments);
  auto job = bench::must(errand::exec(bench::must(errand::InDatabase(uri_of("alice"))), copy_and_read_job,
                                      std::string(million)));
  auto results = bench::must(job.results());
  if (!results.succeeded(0)) bench::give_up(results.failure(0)->message);
  const double floor = results[0][0];
  const double read = results[0][1];
  bench::report({"database: 1,000,000 rows x 3 columns (" + rows + ") read in a task, C++", read, "s", floor,
                 "libpq's binary COPY of the same in the same task, thrown away", "<= 1.5 x floor",
                 read <= 1.5 * floor});
}
