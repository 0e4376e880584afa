// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "cli/verbs.h"

namespace errand::cli {
namespace {

Result<ExitCode> run_retry(Session& session, const std::vector<std::string>& words) {
  auto answers = session.ask_each<RetryReport>(words, true, retry_job);
  session.report().retried(answers);
  return gravest(answers, [](const RetryReport&) { return ExitCode::ok; });
}

}  // namespace

Verb add_retry(CLI::App& root) {
  CLI::App* app = root.add_subcommand("retry", "run again what failed, was given up or never ended");
  auto words = std::make_shared<std::vector<std::string>>();
  app->add_option("JOB", *words, "jobs whose failed tasks run again")->type_name("")->required();
  return {app, [words](Session& session) { return run_retry(session, *words); }};
}

}  // namespace errand::cli
