// SPDX-License-Identifier: Apache-2.0
// The agent when nothing is to do: its wake-ups per second, counted as context switches of all its
// threads and of everything below it over 10 s, and its memory.
#include "measure.h"

int increment(int number) {
  return number + 1;
}
const auto increment_job = errand::function("increment", increment);

std::uint64_t switches(const std::vector<int>& pids) {
  std::uint64_t sum = 0;
  for (int pid : pids) {
    for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
      int thread = std::stoi(task.path().filename().string());
      sum += bench::status_number(thread, "voluntary_ctxt_switches");
      sum += bench::status_number(thread, "nonvoluntary_ctxt_switches");
    }
  }
  return sum;
}

int main(int argc, char** argv) {
  errand::init(argc, argv);
  bench::Arguments arguments(argc, argv);
  bench::Workspace workspace(arguments);
  auto job = bench::must(errand::exec(workspace.context(), increment_job, 1));
  bench::must(job.wait());
  bench::must(job.results());
  usleep(arguments.pick(3'000'000, 300'000));

  std::vector<int> agents = bench::agents_of(workspace.place());
  if (agents.empty()) bench::give_up("no agent is there");
  std::vector<int> everything = bench::with_descendants(agents);
  unsigned seconds = arguments.pick(10U, 1U);
  std::uint64_t before = switches(everything);
  sleep(seconds);
  double rate = static_cast<double>(switches(everything) - before) / seconds;
  std::uint64_t memory = 0;
  for (int pid : agents) memory = std::max(memory, bench::status_number(pid, "VmRSS"));
  double mib = static_cast<double>(memory) / 1024;
  bench::report({"idle agent: wake-ups", rate, "1/s", {}, "", "0", rate == 0});
  bench::report({"idle agent: memory", mib, "MiB", {}, "", "<= 10 MiB", mib <= 10});
}
