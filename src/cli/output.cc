// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <unistd.h>

#include <memory>
#include <thread>

#include "cli/verbs.h"

namespace errand::cli {
namespace {

struct OutputWords {
  std::string job = "last";
  OutputOptions options;
};

/// Ends the command when nobody reads its standard output any more: the job may print nothing for hours.
/// Nothing is lost by it, for there is nobody to have it.
void end_with_reader() {
  std::thread([] {
    pollfd out{STDOUT_FILENO, 0, 0};  // a pipe without a reader is always an error
    while (poll(&out, 1, -1) < 0 || (out.revents & POLLERR) == 0) {
      if ((out.revents & POLLNVAL) != 0) return;
    }
    _exit(static_cast<int>(ExitCode::output_closed));
  }).detach();
}

Result<ExitCode> run_output(Session& session, const OutputWords& words) {
  if (words.options.follow && session.options.json) {
    return Error{ErrorCode::invalid_argument, "--follow gives text as it arrives, which is no JSON object",
                 false, "leave out one of --follow and --json"};
  }
  Result<JobRef> job = session.find(words.job);
  if (!job) return std::move(job).error();
  if (words.options.follow) end_with_reader();
  session.report().begin_text(*job, "output");
  auto print = [&session, &words](std::string_view piece) {
    session.report().text(piece);
    if (words.options.follow) session.out().flush();
  };
  // The report neutralizes what goes to a terminal; files get every byte.
  Result<void> got = get_job_output(*job, print, words.options);
  if (!got) return got.error();
  session.report().end_text();
  return ExitCode::ok;
}

}  // namespace

Verb add_output(CLI::App& root) {
  CLI::App* app = root.add_subcommand("output", "print what the tasks wrote, in task order");
  auto words = std::make_shared<OutputWords>();
  app->add_option("JOB", words->job, "job (default: last)")->type_name("");
  app->add_flag("-f,--follow", words->options.follow, "lines as they arrive, until the job ends");
  app->add_option("--task", words->options.task, "this task only (0 is the first)")->type_name("N");
  return {app, [words](Session& session) { return run_output(session, *words); }};
}

}  // namespace errand::cli
