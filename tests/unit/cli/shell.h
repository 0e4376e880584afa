// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace errand::cli {

/// What a shell command line printed and how it ended.
struct Ran {
  std::string out;
  std::string err;
  int code = 0;
  [[nodiscard]] nlohmann::json json() const { return nlohmann::json::parse(out); }
  /// The output without the newline at its end.
  [[nodiscard]] std::string line() const;
};

/// A shell whose `errand` is the built command, with a state and a configuration of its own. Destroying it
/// cancels and removes the jobs that are left.
class Shell {
 public:
  Shell();
  ~Shell();
  Shell(const Shell&) = delete;
  Shell& operator=(const Shell&) = delete;

  /// Runs it with bash. The code of a command that a signal ended is 128 + the signal.
  [[nodiscard]] Ran run(const std::string& commands) const;
  [[nodiscard]] const std::filesystem::path& home() const { return home_; }

 private:
  std::filesystem::path home_;
};

}  // namespace errand::cli
