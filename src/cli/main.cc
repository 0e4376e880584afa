// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "cli/argument_secrets.h"
#include "cli/run.h"
#include "errand/function.h"

int main(int argc, char** argv) {
  // The agent, supervisors and workers are this program too; they live and end in here.
  errand::init(argc, argv);
  const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  // Everybody on this machine may read what a process was started with.
  errand::cli::hide_passwords(argc, argv);
  return errand::cli::run(arguments);
}
