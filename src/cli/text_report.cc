// SPDX-License-Identifier: Apache-2.0
#include "cli/text_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/command_words.h"
#include "cli/moment.h"
#include "cli/progress_bar.h"
#include "cli/quantity_text.h"
#include "cli/value_json.h"

namespace errand::cli {
namespace {

constexpr std::size_t exit_width = 10;

std::string status_word(const std::optional<JobStatus>& status) {
  return status ? std::string(to_string(*status)) : "none";
}

std::string short_progress(const Progress& progress) {
  std::string text = fmt::format("{}/{}", progress.succeeded + progress.failed, progress.total);
  return progress.failed == 0 ? text : text + fmt::format(" ({} failed)", progress.failed);
}

/// The first line of a task's output, and how many more there are.
std::string first_line(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return visible_line(text);
  auto more = std::count(text.begin() + static_cast<std::ptrdiff_t>(end), text.end(), '\n');
  return fmt::format("{} (+{} {})", visible_line(text.substr(0, end)), more, more == 1 ? "line" : "lines");
}

std::string exit_text(const std::optional<ProgramResult>& end) {
  if (!end) return "-";
  return end->signal != 0 ? fmt::format("signal {}", end->signal) : fmt::format("{}", end->exit_code);
}

std::string failure_text(const TaskFailure& failure) {
  bool plain = failure.type.empty() || failure.type == "exit" || failure.type == "signal";
  return plain ? failure.message : failure.type + ": " + failure.message;
}

}  // namespace

void TextReport::warn(std::string_view text) {
  if (text.empty()) return;
  channels_.out.flush();
  channels_.err.write(visible(text) + "\n");
  channels_.err.flush();
}

void TextReport::submitted(const JobRef& job) {
  print(job.id() + "\n");
  channels_.out.flush();
  if (!channels_.err_terminal.interactive) return;
  std::string tail = id_tail(job.id());
  warn(fmt::format("  submitted; follow it with: errand wait {0}, errand output -f {0}, errand results {0}",
                   tail));
}

void TextReport::previewed(const SubmissionPreview& preview) {
  print(visible_line(preview.summary) + "\n");
  if (preview.argv.empty()) return;
  print(fmt::format("command: {}\nscript ({}):\n",
                    visible_line(fmt::format("{}", fmt::join(preview.argv, " "))),
                    visible_line(preview.template_origin)));
  print(preview.script);
}

void TextReport::statuses(const std::vector<Answer<StatusReport>>& answers) {
  if (answers.size() == 1 && answers[0].result) {
    print(status_line(*answers[0].result, channels_.out_terminal.color) + "\n");
  } else {
    status_table(answers);
  }
  errors_of(answers);
}

void TextReport::status_table(const std::vector<Answer<StatusReport>>& answers) {
  Table table({{"JOB"}, {"STATUS"}, {"DONE", true}, {"REASON"}});
  bool any = false;
  for (const auto& [job, result] : answers) {
    if (!result) continue;
    any = true;
    table.add({{id_tail(job.id())},
               {std::string(to_string(result->status)), paint_of(result->status)},
               {short_progress(result->progress)},
               {bare_reason(*result)}});
  }
  if (any) print(table.render(channels_.out_terminal));
}

std::string TextReport::result_line(std::string task, const Cell& outcome, const std::string& rest) const {
  const Terminal& terminal = channels_.out_terminal;
  std::size_t task_width = std::max<std::size_t>(4, fmt::format("{}", head_.tasks).size());
  std::string line = fmt::format("{:>{}}  ", task, task_width);
  std::size_t used = task_width + 2;
  if (head_.programs) {
    std::string pad(exit_width - std::min(exit_width, outcome.text.size()), ' ');
    line += painted(outcome.text, outcome.paint, terminal.color) + pad + "  ";
    used += exit_width + 2;
  }
  std::size_t room = terminal.width == 0 ? rest.size() : terminal.width - std::min(used, terminal.width - 1);
  Paint paint = head_.programs ? Paint::plain : outcome.paint;
  line += painted(shortened(rest, room), paint, terminal.color);
  while (line.ends_with(' ')) line.pop_back();
  return line + "\n";
}

void TextReport::begin_results(const ResultsHead& head) {
  head_ = head;
  std::string titles = result_line("TASK", {"EXIT"}, head.programs ? "OUTPUT" : "VALUE");
  titles.pop_back();
  print(painted(titles, Paint::strong, channels_.out_terminal.color) + "\n");
}

void TextReport::task_result(const TaskLine& line) {
  std::string exit = head_.programs ? exit_text(program_end(line)) : "";
  std::string rest;
  if (line.failure != nullptr) {
    rest = visible_line(failure_text(*line.failure));
    if (line.output && !line.output->empty()) rest += ": " + first_line(*line.output);
  } else if (head_.programs) {
    rest = first_line(line.output.value_or(""));
  } else {
    rest = visible_line(value_line(*line.value));
  }
  Paint paint = line.failure != nullptr ? Paint::red : Paint::plain;
  print(result_line(fmt::format("{}", line.task), {exit, paint}, rest));
}

void TextReport::end_results(std::string_view warning) {
  warn(warning);
}

void TextReport::begin_text(const JobRef&, std::string_view) {}

void TextReport::text(std::string_view piece) {
  if (channels_.out_terminal.interactive) {
    print(neutralizer_.feed(piece));
  } else {
    print(piece);
  }
}

void TextReport::end_text() {
  print(neutralizer_.finish());
}

void TextReport::canceled(const std::vector<Answer<CancelReport>>& answers) {
  for (const auto& [job, result] : answers) {
    if (!result) continue;
    std::string_view word = result->canceled ? "canceled" : "not canceled";
    print(fmt::format("{}: {}", id_tail(job.id()), word));
    std::string message = visible_line(result->message);
    if (message.starts_with("canceled: ")) message.erase(0, 10);
    print(message.empty() || message == word ? "\n" : " - " + message + "\n");
    text(result->output);
    end_text();
  }
  errors_of(answers);
}

void TextReport::retried(const std::vector<Answer<RetryReport>>& answers) {
  for (const auto& [job, result] : answers) {
    if (!result) continue;
    print(fmt::format("{}: {}\n", id_tail(job.id()), visible_line(result->message)));
  }
  errors_of(answers);
}

void TextReport::removed(std::string_view directory) {
  print(fmt::format("removed {}\n", visible_line(directory)));
}

void TextReport::cleaned(const CleanupReport& report, const std::vector<Answer<JobRef>>& chosen) {
  for (const std::string& warning : report.warnings) warn("errand: " + in_command_words(warning));
  errors_of(chosen);
}

void TextReport::jobs(const std::vector<JobSummary>& jobs) {
  Table table(
      {{"JOB"}, {"STATUS"}, {"DONE", true, 2}, {"AGE", true}, {"CREATED", false, 3}, {"FUNCTION", false, 0}});
  std::int64_t now = wall_clock_ns();
  for (const JobSummary& job : jobs) {
    Paint paint = job.status ? paint_of(*job.status) : Paint::faint;
    table.add({{id_tail(job.id)},
               {status_word(job.status), paint},
               {short_progress(job.progress)},
               {short_age(std::chrono::seconds((now - job.created_ns) / 1'000'000'000))},
               {local_time_text(job.created_ns)},
               {job.function}});
  }
  if (jobs.empty()) {
    warn("no jobs");
  } else {
    print(table.render(channels_.out_terminal));
  }
}

void TextReport::info(const JobInfo& info) {
  print(info_text(info, channels_.out_terminal));
}

void TextReport::contexts(const std::vector<NamedContext>& contexts) {
  Table table({{"NAME"}, {"ENGINE"}, {"CORES", true}, {"SHARE DIRECTORY", false, 2}, {"ORIGIN"}});
  for (const NamedContext& named : contexts) {
    int cores = named.context.sequential ? 1 : named.context.cores;
    table.add({{named.name},
               {named.context.engine},
               {cores == 0 ? "all" : fmt::format("{}", cores)},
               {resolve_share_dir(named.context)},
               {named.origin}});
  }
  print(table.render(channels_.out_terminal));
}

void TextReport::error(const Error& error, const JobRef&) {
  channels_.out.flush();
  channels_.err.write(error_text(error, channels_.err_terminal.color));
  channels_.err.flush();
}

std::unique_ptr<Report> make_text_report(const Channels& channels) {
  return std::make_unique<TextReport>(channels);
}

}  // namespace errand::cli
