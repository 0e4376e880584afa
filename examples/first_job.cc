// SPDX-License-Identifier: Apache-2.0
// The first program to read: submit a function, leave, come back for it.
//
//     build/bin/first_job                  submits a job, prints its id and is gone
//     build/bin/first_job rxJob_...        another process, later: waits for it and prints the areas
#include <errand/errand.h>

#include <cstdio>
#include <numbers>
#include <vector>

// Any function of values that MessagePack can carry, registered under a name. The handle is a global,
// because a worker is this same program started again and must find the function by that name.
double area(double radius) {
  return std::numbers::pi * radius * radius;
}
const auto area_job = errand::function("area", area);

int fail(const errand::Error& error) {
  std::fprintf(stderr, "%s\n%s\n", error.message.c_str(), error.hint.c_str());
  return 1;
}

int submit() {
  auto context = errand::LocalParallel();  // all cores of this machine
  context.wait = false;                    // exec returns at once, the job goes on without us
  auto job = errand::exec(context, area_job, errand::each(std::vector{1.0, 2.0, 3.0}));
  if (!job) return fail(job.error());
  std::printf("%s\n", job->id().c_str());
  return 0;
}

int fetch(const char* id) {
  errand::Job<double> job(id);  // no connection, no handle: the id is all it takes
  if (auto ended = job.wait(); !ended) return fail(ended.error());
  auto areas = job.results();  // one entry per task, in task order; the job's directory is then removed
  if (!areas) return fail(areas.error());
  for (double value : *areas) std::printf("%.4f\n", value);
  return 0;
}

int main(int argc, char** argv) {
  errand::init(argc, argv);  // workers live and end in here
  return argc > 1 ? fetch(argv[1]) : submit();
}
