// SPDX-License-Identifier: Apache-2.0
#include "errand/launchpad.h"

#include <chrono>
#include <memory>

#include "cli/verbs.h"
#include "errand/quantity.h"

namespace errand::cli {
namespace {

/// As typed: sizes and durations are read when the verb runs.
struct LaunchpadWords {
  LaunchpadOptions options;
  std::string memory;
  std::string time_limit;
};

Result<ExitCode> run_service(const LaunchpadWords& words) {
  LaunchpadOptions options = words.options;
  if (!words.memory.empty()) {
    auto bytes = parse_size(words.memory);
    if (!bytes) return std::move(bytes).error();
    options.task_memory_limit = *bytes;
  }
  if (!words.time_limit.empty()) {
    auto limit = parse_duration(words.time_limit);
    if (!limit) return std::move(limit).error();
    options.task_time_limit = *limit;
  }
  auto served = run_launchpad(options);
  return served ? Result<ExitCode>(ExitCode::ok) : Result<ExitCode>(std::move(served).error());
}

}  // namespace

Verb add_launchpad(CLI::App& root) {
  CLI::App* app = root.add_subcommand("launchpad", "run, on the database's host, the jobs submitted into it");
  auto words = std::make_shared<LaunchpadWords>();
  app->add_option("--database", words->options.database, "connect so, as the role errand_launchpad")
      ->type_name("URI")
      ->required();
  app->add_option("--scratch", words->options.scratch, "where jobs are while they run; emptied at the start")
      ->type_name("DIR");
  app->add_option("--workers", words->options.workers, "tasks at once for one submitter (default: the cores)")
      ->type_name("N");
  app->add_option("--memory", words->memory, "most memory of a task, such as 4GB")->type_name("SIZE");
  app->add_option("--time-limit", words->time_limit, "most time of a task, such as 2h")->type_name("TIME");
  app->add_option("--identities", words->options.identities,
                  "as root: how many of the users errand-w1 ... to use (default: all)")
      ->type_name("N");
  app->add_option("--role", words->options.role,
                  "not as root: the one submitter to serve (default: this user)")
      ->type_name("ROLE");
  app->footer(
      "Serves in the foreground until SIGTERM; systemd's unit is in share/errand. Jobs that run then are\n"
      "handed back: the next launchpad runs the tasks that have no outcome yet.");
  return {app, [words](Session&) { return run_service(*words); }};
}

}  // namespace errand::cli
