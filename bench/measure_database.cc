// SPDX-License-Identifier: Apache-2.0
// Jobs in a database, from a client whose connection is open: a trivial function's round trip, a value of 100
// MB, 10,000 jobs listed and cleaned up. bench/run brings the server and the launchpad up; ERRAND_DATABASE
// names its folder. Floors are what the tables cost without errand.
#include <poll.h>

#include <fstream>
#include <thread>

#include "cloned_jobs.h"
#include "database/connection.h"
#include "database/target.h"

namespace database = errand::database;

constexpr std::size_t large = 100'000'000;
constexpr std::size_t piece = std::size_t{512} << 10;

int increment(int number) {
  return number + 1;
}
errand::Buffer zeros_and_ones(std::uint64_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < bytes.size(); i += 64) bytes[i] = static_cast<char>(i / 64 * 31 % 251);
  return errand::Buffer::take(std::move(bytes));
}
const auto increment_job = errand::function("increment", increment);
const auto large_job = errand::function("zeros_and_ones", zeros_and_ones);

std::string uri_of(const std::string& role) {
  std::ifstream file(std::string(getenv("ERRAND_DATABASE")) + "/" + role + ".uri");
  std::string uri;
  if (!std::getline(file, uri)) bench::give_up("ERRAND_DATABASE names no folder of tests/database/place-up");
  return uri;
}

std::unique_ptr<database::Connection> connect(const std::string& role) {
  return bench::must(
      database::Connection::open(bench::must(database::parse_connection_string(uri_of(role)))));
}

/// A table of its own beside errand's: what is measured is the server.
class BareTables {
 public:
  BareTables() : client_(connect("administrator")) {
    bench::must(
        client_->run_script("drop table if exists errand_bench_bare; create table errand_bench_bare "
                            "(id bigint, start bigint, data bytea, primary key (id, start)); "
                            "alter table errand_bench_bare alter data set storage external"));
  }
  ~BareTables() { (void)client_->run_script("drop table errand_bench_bare"); }

  /// A row and a notification there, a row and a notification back, by two sessions.
  double round_trip(int rounds) {
    auto server = connect("administrator");
    bench::must(server->run_script("listen errand_bench_there"));
    bench::must(client_->run_script("listen errand_bench_back"));
    std::thread answering([&] {
      for (int i = 0; i < rounds; ++i) {
        wait_for_notification(*server);
        put(*server, -1 - i, 0, "42", "errand_bench_back");
      }
    });
    std::vector<double> seconds;
    for (int i = 0; i < rounds; ++i) {
      seconds.push_back(bench::seconds_of([&] {
        put(*client_, 1 + i, 0, "41", "errand_bench_there");
        wait_for_notification(*client_);
        bench::must(client_->run("select data from errand_bench_bare where id = $1",
                                 database::Parameters().number(-1 - i)));
      }));
    }
    answering.join();
    return bench::median(seconds);
  }

  double write(const std::string& bytes) {
    return bench::seconds_of([&] {
      bench::must(client_->run_script("begin"));
      for (std::size_t at = 0; at < bytes.size(); at += piece)
        put(*client_, 0, static_cast<std::int64_t>(at), std::string_view(bytes).substr(at, piece),
            "errand_bench");
      bench::must(client_->run_script("commit"));
    });
  }
  double read() {
    std::size_t size = 0;
    return bench::seconds_of([&] {
      bench::must(client_->stream("select data from errand_bench_bare where id = $1 order by start",
                                  database::Parameters().number(0), [&](const database::Rows& row) {
                                    size += row.text(0, 0).size();
                                    return errand::Result<void>();
                                  }));
      if (size != large) bench::give_up("bytes are missing");
    });
  }

 private:
  static void put(database::Connection& connection, std::int64_t id, std::int64_t start,
                  std::string_view bytes, std::string_view channel) {
    database::Parameters parameters;
    parameters.number(id).number(start).bytes(std::as_bytes(std::span(bytes))).text(channel);
    bench::must(connection.run(
        "insert into errand_bench_bare values ($1, $2, $3) returning pg_notify($4, '')", parameters));
  }
  static void wait_for_notification(database::Connection& connection) {
    while (bench::must(connection.notifications()).empty()) {
      pollfd readable{connection.descriptor(), POLLIN, 0};
      poll(&readable, 1, 10'000);
    }
  }
  std::unique_ptr<database::Connection> client_;
};

void measure_round_trip(const errand::ComputeContext& context, BareTables& bare, int rounds) {
  auto once = [&] {
    auto job = bench::must(errand::exec(context, increment_job, 41));
    bench::must(job.wait());
    if (bench::must(job.results())[0] != 42) bench::give_up("a wrong result");
  };
  for (int i = 0; i < 10; ++i) once();
  std::vector<double> seconds;
  for (int i = 0; i < rounds; ++i) seconds.push_back(bench::seconds_of(once));
  const double value = bench::median(seconds);
  bench::report({"database: round trip, warm launchpad, artifacts removed", value * 1e3, "ms",
                 bare.round_trip(rounds) * 1e3, "a row and a notification there and back", "<= 6 ms",
                 value <= 6e-3});
}

void measure_large_value(const errand::ComputeContext& context, BareTables& bare, int rounds) {
  std::vector<double> written, fetched;
  for (int i = 0; i < rounds; ++i) {
    errand::JobRef job;
    written.push_back(bench::seconds_of([&] {
      auto submitted =
          bench::must(errand::exec(context, large_job, std::uint64_t{large}, errand::auto_cleanup(false)));
      bench::must(submitted.wait());
      job = submitted;
    }));
    fetched.push_back(bench::seconds_of([&] {
      if (bench::must(errand::Job<errand::Buffer>(job.id(), job.place()).results())[0].size() != large)
        bench::give_up("a wrong value");
    }));
    errand::CleanupOptions force;
    force.force = true;
    bench::must(errand::cleanup_jobs({job}, force));
  }
  std::string bytes(zeros_and_ones(large).text());
  const double floor_write = large / bare.write(bytes) / 1e6;
  const double floor_read = large / bare.read() / 1e6;
  const double write = large / bench::median(written) / 1e6;
  const double fetch = large / bench::median(fetched) / 1e6;
  bench::report({"database: a value of 100 MB, submission to durable", write, "MB/s", floor_write,
                 "rows of 512 KiB inserted", ">= 100 MB/s", write >= 100});
  bench::report({"database: a value of 100 MB, fetched", fetch, "MB/s", floor_read, "the same rows read",
                 ">= 500 MB/s", fetch >= 500});
}

/// One finished job's rows under many further ids, in one transaction.
std::vector<errand::JobRef> fill(const errand::ComputeContext& context, int count) {
  auto job = bench::must(errand::exec(context, increment_job, 1, errand::auto_cleanup(false)));
  bench::must(job.wait());
  auto server = connect("administrator");
  auto rows = bench::must(server->run("select file, data, owner::text from errand.block where directory = $1",
                                      database::Parameters().text("jobs/" + job.id())));
  std::vector<errand::JobRef> jobs{job};
  bench::must(server->run_script("begin"));
  for (int i = 1; i < count; ++i) {
    const std::string id = errand::share::make_job_id(time(nullptr) * std::int64_t{1'000'000'000});
    const std::string directory = "jobs/" + id;
    const std::string owner(rows.text(0, 2));
    database::Parameters made;
    bench::must(server->run("insert into errand.directory (owner, path) values ($1::name, $2)",
                            made.text(owner).text(directory)));
    for (std::size_t row = 0; row < rows.count(); ++row) {
      const std::string content = bench::with_another_id(std::string(rows.text(row, 1)), job.id(), id);
      database::Parameters block;
      block.text(owner).text(directory).text(rows.text(row, 0)).bytes(std::as_bytes(std::span(content)));
      bench::must(
          server->run("insert into errand.block (owner, directory, file, start, data) "
                      "values ($1::name, $2, $3, 0, $4)",
                      block));
    }
    jobs.emplace_back(id, job.place());
  }
  bench::must(server->run_script("commit"));
  bench::must(server->run_script("analyze errand.block"));
  bench::must(server->run_script("analyze errand.directory"));
  return jobs;
}

void measure_listing_and_cleanup(const errand::ComputeContext& context, int count) {
  auto jobs = fill(context, count);
  auto server = connect("administrator");
  std::vector<double> listing, floor;
  for (int i = 0; i < 5; ++i) {
    floor.push_back(bench::seconds_of(
        [&] { bench::must(server->run("select directory, data from errand.block where file = 'seal'")); }));
    listing.push_back(bench::seconds_of([&] {
      if (bench::must(errand::get_jobs(context)).size() != jobs.size()) bench::give_up("jobs are missing");
    }));
  }
  errand::CleanupOptions force;
  force.force = true;
  const double cleanup = bench::seconds_of([&] {
    if (bench::must(errand::cleanup_jobs(jobs, force)).removed.size() != jobs.size())
      bench::give_up("jobs were kept");
  });
  const double listed = bench::median(listing);
  bench::report({"database: get_jobs over 10,000 finished jobs", listed * 1e3, "ms",
                 bench::median(floor) * 1e3, "their seals selected", "<= 200 ms", listed <= 0.2});
  bench::report({"database: cleanup of 10,000 finished jobs", cleanup, "s", {}, {}, "<= 3 s", cleanup <= 3});
}

int main(int argc, char** argv) {
  errand::init(argc, argv);
  bench::Arguments arguments(argc, argv);
  bench::Workspace workspace(arguments);
  auto context = bench::must(errand::InDatabase(uri_of("alice")));
  context.wait = false;
  BareTables bare;
  measure_round_trip(context, bare, arguments.pick(200, 3));
  measure_large_value(context, bare, arguments.pick(5, 1));
  measure_listing_and_cleanup(context, arguments.pick(10'000, 50));
}
