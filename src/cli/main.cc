// SPDX-License-Identifier: Apache-2.0
#include "cli/run.h"
#include "errand/function.h"

int main(int argc, char** argv) {
  // The agent, supervisors and workers are this program too; they live and end in here.
  errand::init(argc, argv);
  return errand::cli::run(argc, argv);
}
