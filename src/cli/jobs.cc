// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "cli/moment.h"
#include "cli/verbs.h"

namespace errand::cli {
namespace {

struct JobsWords {
  std::vector<std::string> states;
  std::optional<std::string> since;
  std::optional<std::string> until;
};

Result<JobsOptions> options_of(const JobsWords& words) {
  JobsOptions options;
  options.states = words.states;
  std::int64_t now = wall_clock_ns();
  if (words.since) {
    auto since = parse_moment(*words.since, now);
    if (!since) return std::move(since).error();
    options.start_ns = *since;
  }
  if (words.until) {
    auto until = parse_moment(*words.until, now);
    if (!until) return std::move(until).error();
    options.end_ns = *until;
  }
  return options;
}

Result<ExitCode> run_jobs(Session& session, const JobsWords& words) {
  Result<JobsOptions> options = options_of(words);
  if (!options) return std::move(options).error();
  auto jobs = get_jobs(session.context(), *options);
  if (!jobs) return std::move(jobs).error();
  session.report().jobs(*jobs);
  return ExitCode::ok;
}

}  // namespace

Verb add_jobs(CLI::App& root) {
  CLI::App* app = root.add_subcommand("jobs", "list the jobs of a place, oldest first");
  auto words = std::make_shared<JobsWords>();
  app->add_option("--status", words->states, "only these statuses (comma between several; none too)")
      ->type_name("WORD")
      ->delimiter(',')
      ->allow_extra_args(false);
  app->add_option("--since", words->since, "created then or later: 2h, 3d, 2024-05-31, \"2024-05-31 14:30\"")
      ->type_name("TIME");
  app->add_option("--until", words->until, "created then or earlier")->type_name("TIME");
  return {app, [words](Session& session) { return run_jobs(session, *words); }};
}

}  // namespace errand::cli
