// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstdlib>
#include <string>

#include "errand/errand.h"
#include "faults/functions.h"

/// A client that tests kill: `victim SHAPE` submits one job to $ERRAND_SHARE_DIR, prints its id, and
/// for the shape `growing` goes on appending.
namespace {

using namespace errand;
using namespace errand::faults;

int report(const Result<JobRef>& job) {
  if (!job) {
    std::fprintf(stderr, "%s\n", job.error().message.c_str());
    return 1;
  }
  std::puts(job->id().c_str());
  return 0;
}

template <class R>
Result<JobRef> plain(Result<Job<R>> job) {
  if (!job) return std::move(job).error();
  return JobRef(job->id(), job->place());
}

int grow(const ComputeContext& context, int count) {
  auto job = open_growing_job(context, value_job);
  if (!job) return report(job.error());
  std::puts(job->job().id().c_str());
  std::fflush(stdout);
  for (int i = 0; i < count; ++i) {
    if (!job->append(i)) return 1;
    if (i % 16 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return job->close() ? 0 : 1;
}

int submit(const ComputeContext& context, const std::string& shape) {
  if (shape == "one") return report(plain(exec(context, value_job, each(numbers(1)))));
  if (shape == "tiny") return report(plain(exec(context, value_job, each(numbers(1000)))));
  if (shape == "many") return report(plain(exec(context, value_job, each(numbers(200'000)))));
  if (shape == "long") return report(plain(exec(context, sleep_job, each(numbers(6)), 120)));
  if (shape == "failing") return report(plain(exec(context, throws_at_job, each(numbers(60)), 10)));
  if (shape == "growing") return grow(context, 2000);
  if (shape != "programs") return 2;
  ExecOptions twelve;
  twelve.times = 12;
  return report(plain(exec_program(context, {"/bin/sh", "-c", "sleep 0.02; echo {index}"}, twelve)));
}

}  // namespace

int main(int argc, char** argv) {
  errand::init(argc, argv);
  if (argc < 2) return 2;
  ComputeContext context;
  context.wait = false;
  context.auto_cleanup = false;
  context.cores = 2;
  context.lost_task_retries = 1000;  // what kills the workers is the test, not the task
  return submit(context, argv[1]);
}
