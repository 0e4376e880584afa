// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "database/connection.h"
#include "errand/compute_context.h"

namespace errand::conformance {

/// A database and a launchpad for the tests of this process, on the server that `./test database` brings up
/// (ERRAND_DATABASE). The database is kept for the next test, and with it the snapshot of this program; jobs
/// of tests before are removed.
class DatabaseHost {
 public:
  [[nodiscard]] static bool is_available();
  /// Whether every user may enter their folder: this tree may lie in somebody's closed home.
  [[nodiscard]] static bool can_run_test_programs();
  /// `root`: a folder for the launchpad's scratch place.
  explicit DatabaseHost(const std::string& root);
  ~DatabaseHost();

  /// As the submitter alice.
  [[nodiscard]] ComputeContext context() const { return context_; }
  [[nodiscard]] bool has(const std::string& directory);
  [[nodiscard]] std::size_t entries(const std::string& folder);
  /// Where the local engine's place of the one submitter lies.
  [[nodiscard]] std::string scratch_place() const { return scratch_ + "/w1/place"; }

 private:
  void start_launchpad(const std::string& connection);
  std::string scratch_;
  ComputeContext context_;
  std::unique_ptr<database::Connection> administrator_;
  pid_t launchpad_ = -1;
};

}  // namespace errand::conformance
