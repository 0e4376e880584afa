// SPDX-License-Identifier: Apache-2.0
// Submit, wait, results of a job with one trivial task, seen from the client. The floor is what any
// durable submission must do: create a file, fsync it, rename it, fsync its directory.
#include "measure.h"

int increment(int number) {
  return number + 1;
}
const auto increment_job = errand::function("increment", increment);

void round_trip(const errand::ComputeContext& context, bool auto_cleanup) {
  auto job = bench::must(errand::exec(context, increment_job, 41, errand::auto_cleanup(auto_cleanup)));
  bench::must(job.wait());
  if (bench::must(job.results())[0] != 42) bench::give_up("a wrong result");
}

void durable_file(const std::string& folder) {
  std::string from = folder + "/floor.new";
  std::string to = folder + "/floor";
  int file = open(from.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
  int directory = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  bool written = write(file, "42", 2) == 2 && fsync(file) == 0 && rename(from.c_str(), to.c_str()) == 0 &&
                 fsync(directory) == 0;
  close(file);
  close(directory);
  if (!written) bench::give_up("the floor cannot be measured in " + folder);
}

void report_milliseconds(const std::string& name, double value, double floor) {
  bench::report({name, value * 1e3, "ms", floor * 1e3, "create + fsync + rename + fsync of the directory",
                 "<= 2 ms where fsync takes 0.1 ms, <= 6 x floor", value <= 6 * floor});
}

void measure_warm(const bench::Workspace& workspace, int rounds) {
  std::vector<double> kept;
  std::vector<double> removed;
  std::vector<double> floor;
  auto context = workspace.context();
  for (int i = 0; i < 10; ++i) round_trip(context, true);
  for (int i = 0; i < rounds; ++i) {
    usleep(5'000);  // the agent may still be unlinking the last job: the floor is that of a disk at rest
    floor.push_back(bench::seconds_of([&] { durable_file(workspace.path()); }));
    kept.push_back(bench::seconds_of([&] { round_trip(context, false); }));
    removed.push_back(bench::seconds_of([&] { round_trip(context, true); }));
  }
  report_milliseconds("round trip, warm agent", bench::median(kept), bench::median(floor));
  report_milliseconds("round trip, warm agent, artifacts removed", bench::median(removed),
                      bench::median(floor));
}

void measure_cold(const bench::Workspace& workspace, int rounds) {
  std::vector<double> cold;
  for (int i = 0; i < rounds; ++i) {
    workspace.stop_agents();
    cold.push_back(bench::seconds_of([&] { round_trip(workspace.context(), true); }));
  }
  bench::report({"round trip, no agent yet", bench::median(cold) * 1e3, "ms"});
}

int main(int argc, char** argv) {
  errand::init(argc, argv);
  bench::Arguments arguments(argc, argv);
  bench::Workspace workspace(arguments);
  measure_warm(workspace, arguments.pick(200, 3));
  measure_cold(workspace, arguments.pick(10, 1));
}
