// SPDX-License-Identifier: Apache-2.0
#include "cli/show_results.h"

#include <fmt/format.h>

#include <utility>

#include "cli/command_words.h"
#include "cli/outcomes.h"
#include "cli/results_printer.h"

namespace errand::cli {
namespace {

/// The ways on, for this job.
Error with_ways_on(Error error, const JobRef& job) {
  std::string tail = id_tail(job.id());
  if (error.code == ErrorCode::not_finished) {
    error.hint = fmt::format("errand wait {0} waits, errand results --partial {0} shows what there is", tail);
  } else if (error.code == ErrorCode::job_failed) {
    error.hint = fmt::format(
        "errand output {0} shows what was written, errand results --partial {0} what there is,\n"
        "  errand retry {0} runs again what failed",
        tail);
  }
  return error;
}

Result<Outcomes> complete_outcomes(Session& session, const JobRef& job, const ShowOptions& options) {
  ResultOptions asked;
  asked.auto_cleanup = false;
  bool for_programs = session.options.json || session.options.quiet || options.raw;
  if (options.console || for_programs) asked.console_output = options.console && !for_programs;
  asked.console = [&session](std::string_view piece) { session.report().text(piece); };
  auto results = get_job_results<EncodedValue>(job, asked);
  if (!results) return with_ways_on(std::move(results).error(), job);
  if (!session.options.json) session.report().end_text();
  return Outcomes(*std::move(results));
}

Result<Outcomes> partial_outcomes(const JobRef& job) {
  auto partial = get_partial_results<EncodedValue>(job);
  if (!partial) return std::move(partial).error();
  return Outcomes(*std::move(partial));
}

Result<OutcomeRange> choose(const Outcomes& outcomes, std::optional<std::uint64_t> task) {
  if (!task) return OutcomeRange{0, outcomes.size()};
  if (auto at = outcomes.find(*task)) return OutcomeRange{*at, *at + 1};
  if (outcomes.is_partial()) {
    return Error{ErrorCode::not_finished, fmt::format("task {} has no outcome yet", *task), true, ""};
  }
  std::string hint =
      outcomes.size() == 0 ? "the job has no tasks" : fmt::format("tasks are 0 to {}", outcomes.size() - 1);
  return Error{ErrorCode::invalid_argument, fmt::format("there is no task {}", *task), false, hint};
}

Result<ExitCode> print_raw(Session& session, const TaskLine& line) {
  if (line.value == nullptr) {
    return Error{ErrorCode::job_failed, fmt::format("task {} failed: {}", line.task, line.failure->message),
                 false, ""};
  }
  session.out().write(line.value->bytes.text());
  return ExitCode::ok;
}

/// How much of the whole a partial result is, into the head and the warning.
void tell_what_is_missing(ResultsHead& head, const Outcomes& outcomes, std::string& warning) {
  Result<StatusReport> status = get_job_status(head.job);
  if (!status || status->progress.total < outcomes.size()) return;
  head.tasks = status->progress.total;
  if (is_settled(status->status)) return;
  warning = fmt::format("{} of {} outcomes so far; until the job has finished one may be superseded",
                        outcomes.size(), head.tasks);
}

Result<void> read_output(const JobRef& job, std::optional<std::uint64_t> task, ResultsPrinter& printer) {
  OutputOptions asked;
  asked.task = task;
  asked.next_task = [&printer](std::uint64_t next) { printer.text_of(next); };
  printer.expect_texts();
  Result<void> read = get_job_output(
      job, [&printer](std::string_view piece) { printer.text(piece); }, asked);
  if (!read) printer.no_more_texts();
  return read;
}

void print_lines(Session& session, const JobRef& job, const Outcomes& outcomes, OutcomeRange chosen,
                 const ShowOptions& options) {
  Report& report = session.report();
  ResultsHead head{job, outcomes.tasks(), outcomes.programs(), outcomes.is_partial()};
  bool with_output = options.with_output.value_or(head.programs && !session.options.quiet);
  std::string warning = in_command_words(outcomes.warning());
  if (head.partial) tell_what_is_missing(head, outcomes, warning);
  report.begin_results(head);
  ResultsPrinter printer(report, outcomes, chosen);
  if (with_output) {
    Result<void> read = read_output(job, options.task, printer);
    if (!read && warning.empty()) warning = "output of the tasks: " + read.error().message;
  }
  printer.finish();
  report.end_results(warning);
}

/// Standard output is closed by then: what goes wrong is told on standard error, in every manner.
ExitCode remove_printed(Session& session, const JobRef& job) {
  CleanupOptions forced;
  forced.force = true;
  Result<CleanupReport> cleaned = cleanup_jobs({job}, forced);
  if (!cleaned) {
    session.err().write(error_text(cleaned.error(), session.err_terminal().color));
    return exit_code_of(cleaned.error());
  }
  for (const std::string& warning : cleaned->warnings)
    session.err().write("errand: " + in_command_words(warning) + "\n");
  return cleaned->warnings.empty() ? ExitCode::ok : ExitCode::unsuccessful;
}

}  // namespace

Result<ExitCode> show_results(Session& session, const JobRef& job, const ShowOptions& options) {
  Result<Outcomes> outcomes =
      options.partial ? partial_outcomes(job) : complete_outcomes(session, job, options);
  if (!outcomes) return std::move(outcomes).error();
  Result<OutcomeRange> chosen = choose(*outcomes, options.task);
  if (!chosen) return std::move(chosen).error();
  if (options.raw) return print_raw(session, outcomes->line(chosen->first));
  print_lines(session, job, *outcomes, *chosen, options);
  if (!outcomes->all_succeeded()) return ExitCode::unsuccessful;
  if (!options.cleanup) return ExitCode::ok;
  if (Result<void> closed = session.out().close(); !closed) return closed.error();
  return remove_printed(session, job);
}

}  // namespace errand::cli
