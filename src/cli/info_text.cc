// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <utility>
#include <vector>

#include "cli/moment.h"
#include "cli/progress_bar.h"
#include "cli/quantity_text.h"
#include "cli/text_report.h"

namespace errand::cli {
namespace {

using Lines = std::vector<std::pair<std::string, std::string>>;

void add_summary(Lines& lines, const JobSummary& summary, const Terminal& terminal) {
  lines.emplace_back("job", summary.id);
  lines.emplace_back("place", summary.place);
  StatusReport report{summary.status.value_or(JobStatus::undetermined), summary.reason, summary.progress};
  lines.emplace_back("status", summary.status ? status_line(report, terminal.color)
                                              : "none: the submission never completed");
  lines.emplace_back("function", visible_line(summary.function));
  lines.emplace_back("created", local_time_text(summary.created_ns));
  lines.emplace_back("changed", local_time_text(summary.modified_ns));
  lines.emplace_back("submitted", fmt::format("by {} on {}", summary.user, summary.host));
}

void add_submission(Lines& lines, const JobInfo& info) {
  lines.emplace_back("directory", visible_line(info.working_directory));
  if (!info.program.empty()) lines.emplace_back("program", visible_line(info.program));
  if (!info.signature.empty()) lines.emplace_back("signature", visible_line(info.signature));
  if (info.seed) lines.emplace_back("seed", fmt::format("{}", *info.seed));
  lines.emplace_back(
      "chunk", info.chunk_size == 0 ? "chosen by the engine" : fmt::format("{} tasks", info.chunk_size));
  lines.emplace_back("after a failed task", info.continue_on_failure ? "go on" : "stop");
  if (info.requests > 0) lines.emplace_back("requests", fmt::format("{} (cancel, retry)", info.requests));
}

void add_context(Lines& lines, const ComputeContext& context) {
  std::string cores = context.sequential   ? "1"
                      : context.cores == 0 ? "all"
                                           : fmt::format("{}", context.cores);
  lines.emplace_back("engine", fmt::format("{}, cores: {}", context.engine, cores));
  if (context.task_time_limit.count() > 0) {
    lines.emplace_back("time limit", fmt::format("{} ms a task", context.task_time_limit.count()));
  }
  if (context.task_memory_limit > 0) {
    lines.emplace_back("memory limit", size_text(context.task_memory_limit) + " a task");
  }
  lines.emplace_back("console limit", size_text(context.console_limit) + " a task");
  lines.emplace_back("lost tasks", fmt::format("started again up to {} times", context.lost_task_retries));
}

void add_use(Lines& lines, const ResourceUse& use) {
  std::string hosts;
  for (const std::string& host : use.hosts) hosts += (hosts.empty() ? "" : ", ") + visible_line(host);
  if (!hosts.empty()) lines.emplace_back("ran on", hosts);
  if (use.measured_tasks == 0) return;
  lines.emplace_back(
      "used", fmt::format("{:.2f} s of processor time, at most {} of memory a process",
                          static_cast<double>(use.cpu_time.count()) / 1e3, size_text(use.peak_memory)));
}

std::string worker_text(const WorkerInfo& worker) {
  std::string text = fmt::format("pid {} on {}, {}, {} done", worker.pid, worker.host,
                                 worker.alive ? "alive" : "ended", worker.done);
  if (worker.failed > 0) text += fmt::format(" ({} failed)", worker.failed);
  if (worker.alive && worker.current_task) text += fmt::format(", at task {}", *worker.current_task);
  return text;
}

}  // namespace

std::string info_text(const JobInfo& info, const Terminal& terminal) {
  Lines lines;
  add_summary(lines, info.summary, terminal);
  add_submission(lines, info);
  add_context(lines, info.context);
  add_use(lines, info.used);
  for (const WorkerInfo& worker : info.workers) {
    lines.emplace_back("worker " + worker.name, visible_line(worker_text(worker)));
  }
  for (const std::string& variable : info.environment) {
    lines.emplace_back("environment", visible_line(variable));
  }
  std::size_t width = 0;
  for (const auto& [name, value] : lines) width = std::max(width, name.size());
  std::string text;
  for (const auto& [name, value] : lines) {
    std::string pad(width - name.size() + 2, ' ');
    text.append(painted(name, Paint::faint, terminal.color)).append(pad).append(value).push_back('\n');
  }
  return text;
}

}  // namespace errand::cli
