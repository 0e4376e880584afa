// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "cli/verbs.h"

namespace errand::cli {
namespace {

Result<ExitCode> run_cancel(Session& session, const std::vector<std::string>& words) {
  auto answers = session.ask_each<CancelReport>(words, true, cancel_job);
  session.report().canceled(answers);
  // A job that had ended is no error: nothing of it runs any more.
  return gravest(answers, [](const CancelReport&) { return ExitCode::ok; });
}

}  // namespace

Verb add_cancel(CLI::App& root) {
  CLI::App* app = root.add_subcommand("cancel", "stop jobs and everything they started");
  auto words = std::make_shared<std::vector<std::string>>();
  app->add_option("JOB", *words, "jobs to stop")->type_name("")->required();
  return {app, [words](Session& session) { return run_cancel(session, *words); }};
}

}  // namespace errand::cli
