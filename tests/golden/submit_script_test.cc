// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "engine/grid_engine/grid_engine.h"
#include "engine/lsf/lsf.h"
#include "engine/scheduler/script.h"
#include "engine/slurm/slurm.h"

namespace errand::golden {
namespace {

using engine::scheduler::Dialect;

std::string script_of(const Dialect& dialect, std::map<std::string, std::string> options) {
  engine::scheduler::ArrayRequest request;
  request.job = "rxJob_01m7z0k3v6cqzbzydnv2ch017p";
  request.name = request.job + "-1";
  request.share_dir = "/scratch/ada/errand";
  request.command = "/usr/bin/errand";
  request.output = request.share_dir + "/jobs/" + request.job + "/printed.1";
  request.elements = 64;
  request.options = std::move(options);
  auto placeholders = dialect.placeholders(request);
  if (!placeholders) return placeholders.error().message;
  engine::scheduler::Template from{std::string(dialect.default_template()), "built in"};
  auto script = engine::scheduler::fill_template(from, *placeholders);
  return script ? *script : script.error().message;
}

void expect_golden(const std::string& script, const std::string& name) {
  const std::string path = std::string(ERRAND_SOURCE_DIR) + "/tests/golden/" + name;
  if (std::getenv("ERRAND_ACCEPT_GOLDEN") != nullptr) std::ofstream(path) << script;
  std::ifstream file(path);
  const std::string expected{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(script, expected) << "ERRAND_ACCEPT_GOLDEN=1 accepts the new text";
}

TEST(GoldenSubmitScript, Slurm) {
  expect_golden(script_of(engine::slurm::slurm_dialect(),
                          {{"partition", "main"}, {"time", "2:00:00"}, {"memory", "4G"}, {"throttle", "32"}}),
                "slurm_script.txt");
}

TEST(GoldenSubmitScript, GridEngine) {
  expect_golden(script_of(engine::grid_engine::grid_engine_dialect(), {{"queue", "all.q"},
                                                                       {"time", "2:00:00"},
                                                                       {"memory", "4G"},
                                                                       {"cpus_per_task", "2"},
                                                                       {"throttle", "32"}}),
                "grid_engine_script.txt");
}

TEST(GoldenSubmitScript, Lsf) {
  expect_golden(script_of(engine::lsf::lsf_dialect(), {{"queue", "normal"},
                                                       {"time", "2:00:00"},
                                                       {"memory", "4GB"},
                                                       {"cpus_per_task", "2"},
                                                       {"throttle", "32"}}),
                "lsf_script.txt");
}

}  // namespace
}  // namespace errand::golden
