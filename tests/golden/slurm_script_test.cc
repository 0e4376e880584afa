// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "engine/scheduler/script.h"
#include "engine/slurm/slurm.h"

namespace errand::golden {
namespace {

std::string slurm_script() {
  engine::scheduler::ArrayRequest request;
  request.job = "rxJob_01m7z0k3v6cqzbzydnv2ch017p";
  request.name = request.job + "-1";
  request.share_dir = "/scratch/ada/errand";
  request.command = "/usr/bin/errand";
  request.output = request.share_dir + "/jobs/" + request.job + "/printed.1";
  request.elements = 64;
  request.options = {{"partition", "main"}, {"time", "2:00:00"}, {"memory", "4G"}, {"throttle", "32"}};
  auto placeholders = engine::slurm::slurm_dialect().placeholders(request);
  if (!placeholders) return placeholders.error().message;
  engine::scheduler::Template from{std::string(engine::slurm::slurm_dialect().default_template()),
                                   "built in"};
  auto script = engine::scheduler::fill_template(from, *placeholders);
  return script ? *script : script.error().message;
}

TEST(GoldenSubmitScript, Slurm) {
  const std::string path = std::string(ERRAND_SOURCE_DIR) + "/tests/golden/slurm_script.txt";
  if (std::getenv("ERRAND_ACCEPT_GOLDEN") != nullptr) std::ofstream(path) << slurm_script();
  std::ifstream file(path);
  const std::string expected{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(slurm_script(), expected) << "ERRAND_ACCEPT_GOLDEN=1 accepts the new text";
}

}  // namespace
}  // namespace errand::golden
