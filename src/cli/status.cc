// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "cli/verbs.h"

namespace errand::cli {
namespace {

struct StatusWords {
  std::vector<std::string> jobs{"last"};
  bool check = false;
};

Result<ExitCode> run_status(Session& session, const StatusWords& words) {
  auto answers = session.ask_each<StatusReport>(words.jobs, false, get_job_status);
  session.report().statuses(answers);
  return gravest(answers, [&words](const StatusReport& report) {
    if (words.check || report.status == JobStatus::missing) return exit_code_of(report);
    return ExitCode::ok;
  });
}

}  // namespace

Verb add_status(CLI::App& root) {
  CLI::App* app = root.add_subcommand("status", "what jobs are doing, why, and how far they are");
  auto words = std::make_shared<StatusWords>();
  app->add_option("JOB", words->jobs, "jobs to ask about (default: last)")->type_name("");
  app->add_flag("--check", words->check,
                "exit 0 only if finished without a failed task, 1 failed or canceled, 4 not yet");
  return {app, [words](Session& session) { return run_status(session, *words); }};
}

}  // namespace errand::cli
