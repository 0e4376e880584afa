// SPDX-License-Identifier: Apache-2.0
// get_jobs over 100,000 finished jobs, warm. The floor lists the jobs' directory and opens, reads and
// closes one file of each.
#include "cloned_jobs.h"

int increment(int number) {
  return number + 1;
}
const auto increment_job = errand::function("increment", increment);

void read_seals(const std::string& jobs) {
  std::string block(4096, '\0');
  for (const auto& entry : std::filesystem::directory_iterator(jobs)) {
    int file = open((entry.path().string() + "/seal").c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0 || read(file, block.data(), block.size()) <= 0) bench::give_up("a job without a seal");
    close(file);
  }
}

int main(int argc, char** argv) {
  errand::init(argc, argv);
  bench::Arguments arguments(argc, argv);
  bench::Workspace workspace(arguments);
  auto context = workspace.context();
  bench::JobTemplate job(workspace, bench::finished_job(workspace, increment_job));
  std::size_t count = arguments.pick<std::size_t>(100'000, 200);
  constexpr std::int64_t second = 1'000'000'000;
  std::int64_t now = time(nullptr) * second;
  for (std::size_t i = 1; i < count; ++i) job.clone(now - static_cast<std::int64_t>(i) * second);

  std::string jobs = workspace.place() + "/jobs";
  std::vector<double> floor;
  std::vector<double> listing;
  for (int i = 0; i < arguments.pick(6, 2); ++i) {
    floor.push_back(bench::seconds_of([&] { read_seals(jobs); }));
    listing.push_back(bench::seconds_of([&] {
      auto listed = bench::must(errand::get_jobs(context));
      if (listed.size() != count) bench::give_up("jobs are missing");
      for (const auto& one : listed) {
        if (one.status != errand::JobStatus::finished) bench::give_up("not finished: " + one.id);
      }
    }));
  }
  floor.erase(floor.begin());  // cold
  listing.erase(listing.begin());
  double seconds = bench::median(listing);
  bench::report({"get_jobs over 100,000 finished jobs, warm", seconds, "s", bench::median(floor),
                 "list the directory, read one file of each", "<= 1 s", seconds <= 1});
}
