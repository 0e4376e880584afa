// SPDX-License-Identifier: Apache-2.0
// A growing job: one caller appends 100,000 tasks while the outcomes come to it; and the ping-pong of
// one task at a time. Floors: the same number of 32-byte appends to one file, fdatasync every 1,000; and
// one durable append, because the task and its outcome are synced by two processes at the same time.
#include <thread>

#include "measure.h"

int twice(int number) {
  return 2 * number;
}
const auto twice_job = errand::function("twice", twice);

using Twice = errand::GrowingJob<int, int>;

/// Takes outcomes until the job is closed and all are there.
void take_all(Twice& job, int tasks) {
  int taken = 0;
  while (taken < tasks) {
    auto outcomes = bench::must(job.next());
    if (outcomes.empty()) bench::give_up("outcomes are missing");
    for (const auto& outcome : outcomes) {
      if (outcome.value() != 2 * static_cast<int>(outcome.task)) bench::give_up("a wrong result");
    }
    taken += static_cast<int>(outcomes.size());
  }
}

double growing_rate(const bench::Workspace& workspace, int tasks) {
  double begin = bench::seconds_now();
  auto job = bench::must(errand::open_growing_job(workspace.context(), twice_job));
  std::thread taker([&] { take_all(job, tasks); });
  for (int i = 0; i < tasks; ++i) bench::must(job.append(i));
  bench::must(job.close());
  taker.join();
  return tasks / (bench::seconds_now() - begin);
}

double ping_pong(const bench::Workspace& workspace, int rounds) {
  std::vector<double> seconds;
  auto job = bench::must(errand::open_growing_job(workspace.context(), twice_job));
  for (int i = 0; i < rounds; ++i) {
    seconds.push_back(bench::seconds_of([&] {
      bench::must(job.append(i));
      bench::must(job.flush());
      take_all(job, 1);
    }));
  }
  bench::must(job.close());
  return bench::median(seconds);
}

double append_rate(const bench::Workspace& workspace, int count, int group) {
  std::string record(32, 'x');
  std::string path = workspace.file("floor");
  int file = open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  double begin = bench::seconds_now();
  for (int i = 1; i <= count; ++i) {
    bool fine = write(file, record.data(), record.size()) == static_cast<ssize_t>(record.size()) &&
                (i % group != 0 || fdatasync(file) == 0);
    if (!fine) bench::give_up("the floor cannot be measured");
  }
  double rate = count / (bench::seconds_now() - begin);
  close(file);
  unlink(path.c_str());
  return rate;
}

int main(int argc, char** argv) {
  errand::init(argc, argv);
  bench::Arguments arguments(argc, argv);
  bench::Workspace workspace(arguments);
  int tasks = arguments.pick(100'000, 1'000);
  growing_rate(workspace, 100);
  std::vector<double> rates;
  for (int i = 0; i < arguments.pick(5, 1); ++i) rates.push_back(growing_rate(workspace, tasks));
  double rate = bench::median(rates);
  bench::report({"growing job, 100,000 appended tasks", rate, "tasks/s", append_rate(workspace, tasks, 1'000),
                 "append 32 bytes, fdatasync every 1,000", ">= 50000 tasks/s", rate >= 50'000});
  double floor = 1 / append_rate(workspace, arguments.pick(200, 5), 1);
  bench::report({"growing job, one task appended and its outcome taken",
                 ping_pong(workspace, arguments.pick(200, 5)) * 1e3, "ms", floor * 1e3,
                 "an append with fdatasync"});
}
