// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <string_view>

#include "engine/local/agent.h"
#include "engine/local/allocation.h"
#include "engine/own_program.h"
#include "errand/function.h"
#include "function/runner.h"
#include "worker/task_runner.h"

namespace errand {
namespace {

/// The descriptor on which a process that errand started finds who started it.
constexpr int control = 3;

}  // namespace

void init(int argc, char** argv) {
  std::string_view role = argc > 1 ? argv[1] : "";
  if (role == "--errand-worker") std::exit(worker::run_warm_parent(control, functions::make_runner));
  if (role == "--errand-supervise") std::exit(worker::run_supervisor(control));
  if (role == "--errand-agent" && argc > 2) std::exit(engine::local::run_agent(argv[2]));
  if (role == "--errand-allocation") std::exit(engine::local::run_allocation(argc, argv));
  engine::set_own_program();
}

}  // namespace errand
