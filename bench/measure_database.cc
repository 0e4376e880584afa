// SPDX-License-Identifier: Apache-2.0
// Jobs in a database, from a client whose connection is open: a trivial function's round trip, a value of 100
// MB, 10,000 jobs listed and cleaned up. bench/run brings the server and the launchpad up; ERRAND_DATABASE
// names its folder. Floors are what the tables cost without errand. With --floor it prints one alone, which
// other languages are measured beside: the table protocol's seconds for a job, or those of so many tasks'
// outcomes.
#include "bare_tables.h"
#include "cloned_jobs.h"

namespace database = errand::database;
using bench::BareTables;
using bench::connect;
using bench::uri_of;

constexpr std::size_t large = 100'000'000;

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
                 bare.table_protocol(rounds) * 1e3,
                 "submitted, claimed, done and read by plain tables, four statements and two notifications",
                 "<= 6 ms", value <= 6e-3});
  bench::report({"database: a row and a notification there and back", bare.round_trip(rounds) * 1e3, "ms"});
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
  const double floor_read = large / bare.read(large) / 1e6;
  const double write = large / bench::median(written) / 1e6;
  const double fetch = large / bench::median(fetched) / 1e6;
  bench::report({"database: a value of 100 MB, submission to durable", write, "MB/s", floor_write,
                 "rows of 512 KiB inserted", ">= 100 MB/s", write >= 100});
  bench::report({"database: a value of 100 MB, fetched", fetch, "MB/s", floor_read, "the same rows read",
                 ">= 500 MB/s", fetch >= 500});
}

/// One finished job's rows under many further ids, in one transaction: those of all its files, or of one.
std::vector<errand::JobRef> fill(const errand::ComputeContext& context, int count,
                                 const std::string& only = {}) {
  auto job = bench::must(errand::exec(context, increment_job, 1, errand::auto_cleanup(false)));
  bench::must(job.wait());
  auto server = connect("administrator");
  if (!only.empty()) {
    bench::must(server->run("delete from errand.block where directory = $1 and file <> $2",
                            database::Parameters().text("jobs/" + job.id()).text(only)));
  }
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

/// Seconds of the one DELETE, whose cascades take their files.
double delete_directly(database::Connection& server, const std::vector<errand::JobRef>& jobs) {
  std::vector<std::string> paths;
  for (const auto& job : jobs) paths.push_back("jobs/" + job.id());
  return bench::seconds_of([&] {
    bench::must(
        server.run("delete from errand.directory where path = any($1)", database::Parameters().texts(paths)));
  });
}

void measure_listing_and_cleanup(const errand::ComputeContext& context, int count) {
  auto server = connect("administrator");
  const double deletion = delete_directly(*server, fill(context, count));
  auto jobs = fill(context, count);
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
  bench::report({"database: cleanup of 10,000 finished jobs", cleanup, "s", deletion,
                 "one DELETE of as many, with its cascades", "<= 3 s", cleanup <= 3});
}

/// Jobs that wait in a launchpad's hands: this one's, which runs none.
void measure_listing_of_queued(const errand::ComputeContext& context, int count) {
  auto server = connect("administrator");
  auto launchpad = connect("launchpad");
  bench::must(launchpad->run("select pg_try_advisory_lock(25970, 1)"));
  const auto jobs = fill(context, count, "job");
  bench::must(server->run("update errand.directory set active = true, lease = 1 where path like 'jobs/%'"));
  std::vector<double> listing, floor;
  for (int i = 0; i < 5; ++i) {
    floor.push_back(bench::seconds_of(
        [&] { bench::must(server->run("select directory, data from errand.block where file = 'job'")); }));
    listing.push_back(bench::seconds_of([&] {
      const auto listed = bench::must(errand::get_jobs(context));
      const bool all_queued = std::all_of(listed.begin(), listed.end(), [](const auto& job) {
        return job.status == errand::JobStatus::queued;
      });
      if (listed.size() != jobs.size() || !all_queued) bench::give_up("jobs are missing, or not queued");
    }));
  }
  bench::report({"database: get_jobs over 10,000 queued jobs", bench::median(listing) * 1e3, "ms",
                 bench::median(floor) * 1e3, "their job files selected"});
  (void)delete_directly(*server, jobs);
}

int print_floor(const bench::Arguments& arguments) {
  BareTables bare;
  const std::string& which = arguments.rest[1];
  std::vector<double> seconds;
  for (int i = 0; i < arguments.pick(5, 1); ++i) {
    seconds.push_back(which == "protocol" ? bare.table_protocol(arguments.pick(200, 3))
                                          : bare.outcomes(std::stoi(which)));
  }
  std::printf("%.6f\n", bench::median(seconds));
  return 0;
}

int main(int argc, char** argv) {
  errand::init(argc, argv);
  bench::Arguments arguments(argc, argv);
  if (arguments.rest.size() == 2 && arguments.rest[0] == "--floor") return print_floor(arguments);
  bench::Workspace workspace(arguments);
  auto context = bench::must(errand::InDatabase(uri_of("alice")));
  context.wait = false;
  BareTables bare;
  measure_round_trip(context, bare, arguments.pick(200, 3));
  measure_large_value(context, bare, arguments.pick(5, 1));
  measure_listing_and_cleanup(context, arguments.pick(10'000, 50));
  measure_listing_of_queued(context, arguments.pick(10'000, 50));
}
