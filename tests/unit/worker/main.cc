// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <unistd.h>

#include <string_view>
#include <thread>

#include "function/runner.h"
#include "worker/task_runner.h"

/// This program is also what its tests start: a supervisor, and the commands that supervisors start.
int main(int argc, char** argv) {
  std::string_view role = argc > 1 ? argv[1] : "";
  if (role == "--supervisor") _exit(errand::worker::run_supervisor(3));
  if (role == "--errand-worker") _exit(errand::worker::run_warm_parent(3, errand::functions::make_runner));
  if (role == "--threaded-worker") {
    std::thread([] { pause(); }).detach();
    _exit(errand::worker::run_warm_parent(3, errand::functions::make_runner));
  }
  if (role == "--no-worker") return 3;
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
