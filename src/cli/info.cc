// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "cli/verbs.h"

namespace errand::cli {
namespace {

Result<ExitCode> run_info(Session& session, const std::string& word) {
  Result<JobRef> job = session.find(word);
  if (!job) return std::move(job).error();
  Result<JobInfo> info = get_job_info(*job);
  if (!info) return std::move(info).error();
  session.report().info(*info);
  return ExitCode::ok;
}

}  // namespace

Verb add_info(CLI::App& root) {
  CLI::App* app = root.add_subcommand("info", "everything recorded about a submission, and its workers");
  auto word = std::make_shared<std::string>("last");
  app->add_option("JOB", *word, "job (default: last)")->type_name("");
  return {app, [word](Session& session) { return run_info(session, *word); }};
}

}  // namespace errand::cli
