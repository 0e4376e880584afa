// SPDX-License-Identifier: Apache-2.0
// The smallest program on an installed errand: it runs a job and checks what comes back.
#include <errand/errand.h>

#include <cstdio>
#include <vector>

namespace {

double area(double radius) {
  return 3.0 * radius * radius;
}
const auto area_job = errand::function("area", area);

}  // namespace

int main(int argc, char** argv) {
  errand::init(argc, argv);
  auto job = errand::exec(errand::LocalSeq(), area_job, errand::each(std::vector{1.0, 2.0}));
  if (!job) {
    std::printf("%s\n", job.error().message.c_str());
    return 1;
  }
  auto results = job->results();
  if (!results || results->values() != std::vector{3.0, 12.0}) {
    std::printf("wrong results\n");
    return 1;
  }
  std::printf("errand %s\n", std::string(errand::version).c_str());
  return 0;
}
