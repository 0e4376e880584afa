// SPDX-License-Identifier: Apache-2.0
// usage: measure_many_tasks [bare|arguments|status] [--quick] [--share-dir DIR]
//   bare       1,000,000 tasks without arguments of their own: the rate, and the memory of both sides
//   arguments  the same with one argument each
//   status     10,000,000 tasks, and how long a status takes while they run
// A process each, because a process has one peak. The floor is one process that writes 32 bytes for
// every task, syncs, and reads them back.
#include <numeric>

#include "measure.h"

/// Trivial, but for telling now and then how much memory the worker holds.
std::uint64_t peak_now_and_then() {
  static std::uint64_t calls = 0;
  if ((calls++ & 0x3ffU) != 0) return 0;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss);
}
const auto peak_job = errand::function("peak_now_and_then", peak_now_and_then);

std::uint64_t successor(std::uint64_t number) {
  return number + 1;
}
const auto successor_job = errand::function("successor", successor);

double plain_file_rate(const bench::Workspace& workspace, std::uint64_t tasks) {
  std::string block(std::size_t{64} << 10, 'x');
  std::string path = workspace.file("floor");
  std::uint64_t blocks = (tasks * 32 + block.size() - 1) / block.size();
  double seconds = bench::seconds_of([&] {
    int file = open(path.c_str(), O_CREAT | O_RDWR | O_TRUNC | O_CLOEXEC, 0600);
    bool fine = file >= 0;
    for (std::uint64_t i = 0; i < blocks && fine; ++i) {
      fine = write(file, block.data(), block.size()) == static_cast<ssize_t>(block.size());
    }
    fine = fine && fdatasync(file) == 0 && lseek(file, 0, SEEK_SET) == 0;
    for (std::uint64_t i = 0; i < blocks && fine; ++i) {
      fine = read(file, block.data(), block.size()) == static_cast<ssize_t>(block.size());
    }
    close(file);
    if (!fine) bench::give_up("the floor cannot be measured");
  });
  unlink(path.c_str());
  return static_cast<double>(tasks) / seconds;
}

void report_rate(const std::string& name, std::vector<double> seconds, std::uint64_t tasks, double floor) {
  double rate = static_cast<double>(tasks) / bench::median(std::move(seconds));
  bench::report({name, rate, "tasks/s", floor, "one process writes and reads 32 bytes a task",
                 ">= 3000000 tasks/s", rate >= 3e6});
}

void report_memory(const std::string& name, std::uint64_t kib, std::uint64_t limit_mib) {
  double mib = static_cast<double>(kib) / 1024;
  bench::report({name,
                 mib,
                 "MiB",
                 {},
                 "",
                 "<= " + std::to_string(limit_mib) + " MiB",
                 mib <= static_cast<double>(limit_mib)});
}

void measure_bare(const bench::Workspace& workspace, std::uint64_t tasks, int rounds) {
  std::vector<double> seconds;
  std::uint64_t worker_peak = 0;
  for (int i = 0; i < rounds; ++i) {
    seconds.push_back(bench::seconds_of([&] {
      auto job = bench::must(
          errand::exec(workspace.context(), peak_job, errand::times(static_cast<std::int64_t>(tasks))));
      bench::must(job.wait());
      auto peaks = bench::must(job.results());
      if (peaks.size() != tasks || !peaks.all_succeeded()) bench::give_up("results are missing");
      worker_peak = std::max(worker_peak, *std::max_element(peaks.begin(), peaks.end()));
    }));
  }
  std::uint64_t client_peak = bench::own_peak_kib();
  report_rate("1,000,000 trivial tasks", seconds, tasks, plain_file_rate(workspace, tasks));
  report_memory("1,000,000 trivial tasks: client peak", client_peak, 200);
  report_memory("1,000,000 trivial tasks: largest worker", worker_peak, 64);
}

void measure_arguments(const bench::Workspace& workspace, std::uint64_t tasks, int rounds) {
  std::vector<double> seconds;
  for (int i = 0; i < rounds; ++i) {
    std::vector<std::uint64_t> numbers(tasks);
    std::iota(numbers.begin(), numbers.end(), 0);
    seconds.push_back(bench::seconds_of([&] {
      auto job = bench::must(errand::exec(workspace.context(), successor_job, errand::each(numbers)));
      bench::must(job.wait());
      auto results = bench::must(job.results());
      for (std::uint64_t task = 0; task < tasks; ++task) {
        if (results[task] != task + 1) bench::give_up("a wrong result");
      }
    }));
  }
  std::uint64_t client_peak = bench::own_peak_kib();
  report_rate("1,000,000 tasks with an argument each", seconds, tasks, plain_file_rate(workspace, tasks));
  report_memory("1,000,000 tasks with an argument each: client peak", client_peak, 200);
}

/// Asks for the status every 20 ms until the job has ended; gives how long each answer took.
std::vector<double> statuses_until_end(const errand::JobRef& job) {
  std::vector<double> seconds;
  for (bool ended = false; !ended;) {
    seconds.push_back(bench::seconds_of(
        [&] { ended = errand::is_settled(bench::must(errand::get_job_status(job)).status); }));
    usleep(20'000);
  }
  return seconds;
}

double list_and_stat(const bench::Workspace& workspace) {
  std::vector<double> seconds;
  std::uint64_t bytes = 0;
  for (int i = 0; i < 100; ++i) {
    seconds.push_back(bench::seconds_of([&] {
      for (const auto& entry : std::filesystem::directory_iterator(workspace.place())) {
        bytes += entry.is_regular_file() ? entry.file_size() : 0;
      }
    }));
  }
  if (bytes == 0) bench::give_up("the place is empty");
  return bench::median(seconds);
}

void measure_status(const bench::Workspace& workspace, std::uint64_t tasks) {
  std::vector<double> statuses;
  double begin = bench::seconds_now();
  auto job = bench::must(
      errand::exec(workspace.context(), peak_job, errand::times(static_cast<std::int64_t>(tasks))));
  statuses = statuses_until_end(job);
  auto report = bench::must(job.wait());
  double seconds = bench::seconds_now() - begin;
  if (report.progress.succeeded != tasks) bench::give_up("tasks are missing");
  auto results = bench::must(job.results());
  bench::report({"10,000,000 trivial tasks",
                 static_cast<double>(tasks) / seconds,
                 "tasks/s",
                 {},
                 "",
                 "completes",
                 results.size() == tasks && results.all_succeeded()});
  double status = bench::median(statuses);
  bench::report({"10,000,000 trivial tasks: status while they run", status * 1e3, "ms",
                 list_and_stat(workspace) * 1e3, "list a directory, stat its entries", "<= 1 ms",
                 status <= 1e-3});
}

int main(int argc, char** argv) {
  errand::init(argc, argv);
  bench::Arguments arguments(argc, argv);
  std::string what = arguments.rest.empty() ? "bare" : arguments.rest[0];
  bench::Workspace workspace(arguments);
  if (what == "bare") measure_bare(workspace, arguments.pick(1'000'000U, 5'000U), arguments.pick(5, 1));
  if (what == "arguments") {
    measure_arguments(workspace, arguments.pick(1'000'000U, 5'000U), arguments.pick(5, 1));
  }
  if (what == "status") measure_status(workspace, arguments.pick(10'000'000U, 20'000U));
}
