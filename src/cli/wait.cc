// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "cli/verbs.h"
#include "cli/watch_job.h"
#include "errand/quantity.h"

namespace errand::cli {
namespace {

using SteadyClock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

struct WaitWords {
  std::vector<std::string> jobs{"last"};
  std::optional<std::string> timeout;
};

std::optional<Milliseconds> time_left(const std::optional<SteadyClock::time_point>& deadline) {
  if (!deadline) return std::nullopt;
  return std::max(Milliseconds(0), std::chrono::duration_cast<Milliseconds>(*deadline - SteadyClock::now()));
}

Result<ExitCode> run_wait(Session& session, const WaitWords& words) {
  std::optional<SteadyClock::time_point> deadline;
  if (words.timeout) {
    auto timeout = parse_duration(*words.timeout);
    if (!timeout) return std::move(timeout).error();
    deadline = SteadyClock::now() + *timeout;
  }
  bool interrupted = false;
  auto answers = session.ask_each<StatusReport>(words.jobs, false, [&](const JobRef& job) {
    // After Ctrl-C the other jobs are only asked how they are.
    Result<StatusReport> report =
        interrupted ? get_job_status(job) : watch_job(session, job, time_left(deadline));
    interrupted = interrupted || (!report && report.error().code == ErrorCode::interrupted);
    return report;
  });
  session.report().statuses(answers);
  return gravest(answers, [](const StatusReport& report) { return exit_code_of(report); });
}

}  // namespace

Verb add_wait(CLI::App& root) {
  CLI::App* app = root.add_subcommand("wait", "wait until jobs have ended; exit 0 if all succeeded");
  auto words = std::make_shared<WaitWords>();
  app->add_option("JOB", words->jobs, "jobs to wait for (default: last)")->type_name("");
  app->add_option("--timeout", words->timeout, "give up waiting after this long, e.g. 10m (exit 4)")
      ->type_name("TIME");
  return {app, [words](Session& session) { return run_wait(session, *words); }};
}

}  // namespace errand::cli
