// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "cli/verbs.h"

namespace errand::cli {
namespace {

struct CleanupWords {
  std::vector<std::string> jobs;
  std::vector<std::string> states;
  bool force = false;
};

/// The jobs named, and those of the place with one of the statuses named.
Result<std::vector<Answer<JobRef>>> chosen_jobs(const Session& session, const CleanupWords& words) {
  auto chosen =
      session.ask_each<JobRef>(words.jobs, true, [](const JobRef& job) -> Result<JobRef> { return job; });
  if (words.states.empty()) return chosen;
  JobsOptions options;
  options.states = words.states;
  auto jobs = get_jobs(session.context(), options);
  if (!jobs) return std::move(jobs).error();
  for (const JobSummary& job : *jobs) {
    JobRef found(job.id, job.place);
    chosen.push_back({found, found});
  }
  return chosen;
}

Result<ExitCode> run_cleanup(Session& session, const CleanupWords& words) {
  if (words.jobs.empty() && words.states.empty()) {
    return Error{ErrorCode::invalid_argument, "no job to remove", false,
                 "name jobs, or choose them with --status failed,canceled"};
  }
  auto chosen = chosen_jobs(session, words);
  if (!chosen) return std::move(chosen).error();
  std::vector<JobRef> jobs;
  for (const auto& answer : *chosen) {
    if (answer.result) jobs.push_back(*answer.result);
  }
  CleanupOptions options;
  options.force = words.force;
  options.removed = [&session](std::string_view directory) { session.report().removed(directory); };
  Result<CleanupReport> cleaned = cleanup_jobs(jobs, options);
  if (!cleaned) return std::move(cleaned).error();
  session.report().cleaned(*cleaned, *chosen);
  ExitCode named = gravest(*chosen, [](const JobRef&) { return ExitCode::ok; });
  return worse(named, cleaned->warnings.empty() ? ExitCode::ok : ExitCode::unsuccessful);
}

}  // namespace

Verb add_cleanup(CLI::App& root) {
  CLI::App* app = root.add_subcommand("cleanup", "remove failed and canceled jobs; with --force, any");
  auto words = std::make_shared<CleanupWords>();
  app->add_option("JOB", words->jobs, "jobs to remove")->type_name("");
  app->add_option("--status", words->states, "all jobs of the place with this status (comma between several)")
      ->type_name("WORD")
      ->delimiter(',')
      ->allow_extra_args(false);
  app->add_flag("--force", words->force, "whatever the status; a live job is canceled first");
  return {app, [words](Session& session) { return run_cleanup(session, *words); }};
}

}  // namespace errand::cli
