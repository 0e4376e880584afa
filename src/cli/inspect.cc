// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "cli/verbs.h"

namespace errand::cli {
namespace {

Result<ExitCode> run_inspect(Session& session, const std::string& word) {
  Result<JobRef> job = session.find(word);
  if (!job) return std::move(job).error();
  session.report().begin_text(*job, "records");
  Result<void> inspected =
      inspect_job(*job, [&session](std::string_view piece) { session.report().text(piece); });
  if (!inspected) return inspected.error();
  session.report().end_text();
  return ExitCode::ok;
}

}  // namespace

Verb add_inspect(CLI::App& root) {
  CLI::App* app = root.add_subcommand("inspect", "every record of every file of a job, readable");
  auto word = std::make_shared<std::string>("last");
  app->add_option("JOB", *word, "job (default: last)")->type_name("");
  return {app, [word](Session& session) { return run_inspect(session, *word); }};
}

}  // namespace errand::cli
