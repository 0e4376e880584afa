// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "cli/show_results.h"
#include "cli/verbs.h"

namespace errand::cli {
namespace {

struct ResultsWords {
  std::string job = "last";
  ShowOptions show;
};

Result<ExitCode> run_results(Session& session, const ResultsWords& words) {
  if (words.show.raw && !words.show.task) {
    return Error{ErrorCode::invalid_argument, "--raw writes one value: say which with --task", false, ""};
  }
  Result<JobRef> job = session.find(words.job, words.show.cleanup);
  if (!job) return std::move(job).error();
  return show_results(session, *job, words.show);
}

}  // namespace

Verb add_results(CLI::App& root) {
  CLI::App* app = root.add_subcommand("results", "print what the tasks returned");
  auto words = std::make_shared<ResultsWords>();
  ShowOptions& show = words->show;
  app->add_option("JOB", words->job, "job (default: last)")->type_name("");
  app->add_option("--task", show.task, "this task only (0 is the first)")->type_name("N");
  CLI::Option* partial = app->add_flag("--partial", show.partial, "what there is by now; may be superseded");
  CLI::Option* cleanup = app->add_flag(
      "--cleanup", show.cleanup, "remove the job after everything was written, if every task succeeded");
  CLI::Option* raw = app->add_flag("--raw", show.raw, "the value's bytes as they are (with --task)");
  app->add_flag("--console", show.console, "the tasks' console text first");
  app->add_flag_callback(
      "--output", [&show] { show.with_output = true; },
      "each task's output beside its result (the default for programs)");
  app->add_flag_callback(
      "--no-output", [&show] { show.with_output = false; }, "results without output");
  cleanup->excludes(partial)->excludes(raw);
  return {app, [words](Session& session) { return run_results(session, *words); }};
}

}  // namespace errand::cli
