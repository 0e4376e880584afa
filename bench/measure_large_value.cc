// SPDX-License-Identifier: Apache-2.0
// A value of 1 GiB from the worker to the caller, timed from the moment the function returns it. Once
// until it lies mapped in the caller's memory (recorded), once until the job is finished (durable). The
// floors are a plain write of as many bytes to the page cache, and the same with fdatasync.
#include <atomic>
#include <cstring>
#include <thread>

#include "measure.h"

/// Bytes that begin with the moment of their handing over; tells its process id first.
errand::Buffer large_value(std::uint64_t bytes, const std::string& pid_path) {
  std::ofstream(pid_path) << getpid() << std::endl;
  std::vector<char> value(bytes, 'v');
  double now = bench::seconds_now();
  std::memcpy(value.data(), &now, sizeof now);
  return errand::Buffer::take(std::move(value));
}
const auto large_job = errand::function("large_value", large_value);

/// The largest memory of the process whose id lies in the file, as far as it can be seen.
class PeakWatcher {
 public:
  explicit PeakWatcher(std::string pid_path)
      : thread_([this, path = std::move(pid_path)] {
          while (!over_) {
            int pid = std::atoi(bench::slurp(path).c_str());
            if (pid > 0) peak_kib_ = std::max<std::uint64_t>(peak_kib_, bench::status_number(pid, "VmHWM"));
            usleep(2'000);
          }
        }) {}
  std::uint64_t finish() {
    over_ = true;
    thread_.join();
    return peak_kib_;
  }

 private:
  std::atomic<bool> over_{false};
  std::atomic<std::uint64_t> peak_kib_{0};
  std::thread thread_;
};

struct Times {
  double recorded = 0;
  double finished = 0;
  double peak_mib = 0;
};

double handed_over_at(const errand::Buffer& value, std::uint64_t bytes) {
  if (value.size() != bytes || value.text().back() != 'v') bench::give_up("a wrong value");
  double moment = 0;
  std::memcpy(&moment, value.data(), sizeof moment);
  return moment;
}

Times one_value(const bench::Workspace& workspace, std::uint64_t bytes) {
  std::string pid_path = workspace.file("worker.pid");
  unlink(pid_path.c_str());
  PeakWatcher watcher(pid_path);
  Times times;
  auto job = bench::must(errand::exec(workspace.context(), large_job, bytes, pid_path));
  for (;;) {
    auto outcomes = bench::must(job.partial_results());
    if (!outcomes.empty()) {
      times.recorded = bench::seconds_now() - handed_over_at(outcomes[0].value(), bytes);
      break;
    }
    usleep(1'000);
  }
  bench::must(job.wait());
  auto results = bench::must(job.results());
  times.finished = bench::seconds_now() - handed_over_at(results[0], bytes);
  times.peak_mib = static_cast<double>(watcher.finish()) / 1024;
  return times;
}

double plain_write(const bench::Workspace& workspace, std::uint64_t bytes, bool durable) {
  std::vector<char> value(bytes, 'v');
  std::string path = workspace.file("floor");
  int file = open(path.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
  double seconds = bench::seconds_of([&] {
    for (std::uint64_t at = 0; at < bytes;) {
      ssize_t written = write(file, value.data() + at, bytes - at);
      if (written <= 0) bench::give_up("the floor cannot be measured");
      at += static_cast<std::uint64_t>(written);
    }
    if (durable && fdatasync(file) != 0) bench::give_up("the floor cannot be measured");
  });
  close(file);
  unlink(path.c_str());
  sync();
  return seconds;
}

void report_rate(const std::string& name, double bytes, double seconds, double floor,
                 const std::string& floor_name) {
  constexpr double mib = 1 << 20;
  bench::report({name, bytes / seconds / mib, "MiB/s", bytes / floor / mib, floor_name,
                 ">= 50 % of the floor", floor / seconds >= 0.5});
}

int main(int argc, char** argv) {
  errand::init(argc, argv);
  bench::Arguments arguments(argc, argv);
  bench::Workspace workspace(arguments);
  auto bytes = arguments.pick(std::uint64_t{1} << 30U, std::uint64_t{8} << 20U);
  std::vector<double> recorded, finished, peaks, cached, durable;
  for (int i = 0; i < arguments.pick(3, 1); ++i) {
    cached.push_back(plain_write(workspace, bytes, false));
    durable.push_back(plain_write(workspace, bytes, true));
    Times times = one_value(workspace, bytes);
    recorded.push_back(times.recorded);
    finished.push_back(times.finished);
    peaks.push_back(times.peak_mib);
    sync();
  }
  auto size = static_cast<double>(bytes);
  report_rate("value of 1 GiB, until mapped in the caller", size, bench::median(recorded),
              bench::median(cached), "write to the page cache");
  report_rate("value of 1 GiB, until finished and durable", size, bench::median(finished),
              bench::median(durable), "write + fdatasync");
  double limit = 2 * size / (1 << 20) + 64;
  bench::report({"value of 1 GiB: peak of the worker", bench::median(peaks), "MiB", size / (1 << 20),
                 "the value itself", "at most one copy more", bench::median(peaks) <= limit});
}
