// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>

#include "errand/errand.h"

namespace errand::clusters {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

/// Says that it has begun (FILE.started.<i>) and ends when FILE exists.
extern const Function<int, int, std::string> wait_job;
extern const Function<int, int> echo_job;

/// A test on a real scheduler that ./test has brought up: ERRAND_CLUSTER names its directory.
class ClusterTest : public ::testing::Test {
 protected:
  explicit ClusterTest(const std::string& engine);
  ~ClusterTest() override;

  /// What the command prints, both streams.
  static std::string shell(const std::string& command);
  /// Waits until the condition holds, at most two minutes.
  static bool eventually(const std::function<bool()>& condition);
  static StatusReport ended(const JobRef& job);
  /// The directory of the cluster; empty if it is somebody else's.
  static std::string cluster();
  /// The process whose id that file of the cluster's directory holds.
  static pid_t daemon(const std::string& pid_file);

  [[nodiscard]] std::string file(const std::string& name) const { return root_ + "/" + name; }
  [[nodiscard]] bool started(int task) const;
  void let_go() const;
  /// Puts a program of that name before the real one in PATH until the test ends.
  void stand_in(const std::string& name, const std::string& script) const;

  ComputeContext context;

 private:
  std::string root_;
  std::string path_;
};

}  // namespace errand::clusters
