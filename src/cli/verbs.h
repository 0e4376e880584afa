// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "cli/session.h"

/// One verb, one file. Each add_ function declares the verb's options and says what runs it.
namespace errand::cli {

struct Verb {
  CLI::App* app = nullptr;
  std::function<Result<ExitCode>(Session&)> run;
};

/// `command`: the words after "--"; they outlive the verb.
[[nodiscard]] Verb add_exec(CLI::App& root, const std::vector<std::string>& command);
[[nodiscard]] Verb add_status(CLI::App& root);
[[nodiscard]] Verb add_results(CLI::App& root);
[[nodiscard]] Verb add_output(CLI::App& root);
[[nodiscard]] Verb add_wait(CLI::App& root);
[[nodiscard]] Verb add_cancel(CLI::App& root);
[[nodiscard]] Verb add_retry(CLI::App& root);
[[nodiscard]] Verb add_jobs(CLI::App& root);
[[nodiscard]] Verb add_cleanup(CLI::App& root);
[[nodiscard]] Verb add_info(CLI::App& root);
[[nodiscard]] Verb add_inspect(CLI::App& root);
[[nodiscard]] Verb add_contexts(CLI::App& root);
[[nodiscard]] Verb add_launchpad(CLI::App& root);
[[nodiscard]] Verb add_database(CLI::App& root);
[[nodiscard]] Verb add_doctor(CLI::App& root);

}  // namespace errand::cli
