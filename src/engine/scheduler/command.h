// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "errand/error.h"

/// Running a scheduler's own programs.
namespace errand::engine::scheduler {

struct Command {
  std::vector<std::string> argv;
  std::string input;                     ///< its standard input
  std::vector<std::string> environment;  ///< NAME=value beside (and before) the caller's own
  std::vector<std::string> without;      ///< the caller's variables whose names begin so are left out
};

struct Answer {
  int exit_code = 0;  ///< of a signal: 128 and its number
  std::string out;
  std::string err;
};

/// Runs the command, messages in the C locale, and gives what it printed. After `patience` it is killed.
/// Errors: engine_unavailable (no such program; it took too long: then transient, and what it had been
/// asked may or may not have been done). An exit code is no error here.
[[nodiscard]] Result<Answer> run(const Command& command, std::chrono::milliseconds patience);

/// The path of a program in $PATH. Errors: engine_unavailable.
[[nodiscard]] Result<std::string> find_program_in_path(const std::string& name);

/// The word as a shell takes it for itself and nothing else. The one place that quotes.
[[nodiscard]] std::string shell_quoted(std::string_view word);

/// What a program printed, for an error message: one line, printable, at most some 300 characters.
[[nodiscard]] std::string excerpt(std::string_view text);

}  // namespace errand::engine::scheduler
