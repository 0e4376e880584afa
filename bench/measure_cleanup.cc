// SPDX-License-Identifier: Apache-2.0
// cleanup_jobs of 10,000 finished jobs. The floor is rm -rf of the same tree.
#include <sys/wait.h>

#include "cloned_jobs.h"

int increment(int number) {
  return number + 1;
}
const auto increment_job = errand::function("increment", increment);

std::vector<errand::JobRef> fill(const bench::Workspace& workspace, bench::JobTemplate& job, int count) {
  std::vector<errand::JobRef> jobs;
  std::int64_t now = time(nullptr) * std::int64_t{1'000'000'000};
  for (int i = 0; i < count; ++i) jobs.emplace_back(job.clone(now), workspace.place());
  sync();
  return jobs;
}

double remove_with_rm(const bench::Workspace& workspace, const std::vector<errand::JobRef>& jobs) {
  std::string apart = workspace.file("apart");
  std::filesystem::create_directory(apart);
  for (const auto& job : jobs) {
    std::filesystem::rename(workspace.place() + "/jobs/" + job.id(), apart + "/" + job.id());
  }
  sync();
  return bench::seconds_of([&] {
    int status = std::system(("rm -rf " + apart).c_str());
    if (status != 0) bench::give_up("the floor cannot be measured");
  });
}

double remove_with_errand(const std::vector<errand::JobRef>& jobs) {
  errand::CleanupOptions options;
  options.force = true;
  return bench::seconds_of([&] {
    auto report = bench::must(errand::cleanup_jobs(jobs, options));
    if (report.removed.size() != jobs.size()) bench::give_up("jobs were kept");
  });
}

int main(int argc, char** argv) {
  errand::init(argc, argv);
  bench::Arguments arguments(argc, argv);
  bench::Workspace workspace(arguments);
  bench::JobTemplate job(workspace, bench::finished_job(workspace, increment_job));
  int count = arguments.pick(10'000, 50);
  std::vector<double> floor;
  std::vector<double> cleanup;
  for (int i = 0; i < arguments.pick(3, 1); ++i) {
    floor.push_back(remove_with_rm(workspace, fill(workspace, job, count)));
    cleanup.push_back(remove_with_errand(fill(workspace, job, count)));
  }
  double seconds = bench::median(cleanup);
  bench::report({"cleanup of 10,000 finished jobs", seconds, "s", bench::median(floor),
                 "rm -rf of the same tree", "<= 2 x floor", seconds <= 2 * bench::median(floor)});
}
