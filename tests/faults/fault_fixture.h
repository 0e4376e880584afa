// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "errand/errand.h"
#include "faults/functions.h"
#include "faults/processes.h"

namespace errand::faults {

using std::chrono::milliseconds;

/// A place of its own for each test, the errand command, and after each test: no process is left of the
/// place once its agent was told to end, and what lies beside the share directory is untouched.
class Faults : public ::testing::Test {
 protected:
  Faults();
  ~Faults() override;
  void TearDown() override;

  [[nodiscard]] std::string path(const std::string& name) const { return root_ + "/" + name; }
  [[nodiscard]] const std::string& share() const { return context.share_dir; }
  [[nodiscard]] std::string directory(const JobRef& job) const { return share() + "/jobs/" + job.id(); }
  /// Uses another share directory from now on (of this test, or of the file system it brought along).
  void use_share(const std::string& directory);
  [[nodiscard]] std::string place_id() const;
  /// The agents that serve the place now, of every simulated host.
  [[nodiscard]] std::vector<pid_t> agents() const;
  void end_agents(int signal) const;

  /// errand --share-dir <the test's> words...
  CommandResult errand(const std::vector<std::string>& words, const std::function<bool()>& before = {}) const;
  [[nodiscard]] static std::string command();
  [[nodiscard]] static std::string test_program(const std::string& name);

  static StatusReport ended(const JobRef& job);
  static StatusReport status(const JobRef& job);

  /// Nothing of the place runs but its agent, and supervisors with one idle worker each.
  [[nodiscard]] bool only_idle_ones_are_left() const;
  void expect_only_idle_ones() const;
  /// All processes of the place, for a failure's message.
  [[nodiscard]] std::string listing() const;

  /// Every task but `failing` has its expected value, in this process and for the command.
  void expect_values(const JobRef& job, std::size_t count,
                     const std::vector<std::size_t>& failing = {}) const;
  /// Task, attempt and bytes of each outcome, as a fresh process and as this one read them.
  void expect_two_readers_agree(const JobRef& job) const;

  ComputeContext context;

 private:
  std::string root_;
};

/// A sanitizer has handlers and memory of its own: it changes how a crash ends and what a limit leaves.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define ERRAND_TEST_IS_SANITIZED
#endif
#endif
#if defined(ERRAND_TEST_IS_SANITIZED) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

/// The bytes of a file.
[[nodiscard]] std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& bytes);

}  // namespace errand::faults
