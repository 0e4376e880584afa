// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "cli/text_report.h"
#include "cli/value_json.h"

namespace errand::cli {
namespace {

/// Ids and single words for scripts; warnings and hints are left out, errors are not.
class QuietReport final : public TextReport {
 public:
  using TextReport::TextReport;

  void submitted(const JobRef& job) override { print(job.id() + "\n"); }
  void previewed(const SubmissionPreview& preview) override { print(preview.script); }
  void statuses(const std::vector<Answer<StatusReport>>& answers) override {
    for (const auto& answer : answers) {
      if (answer.result) print(fmt::format("{}\n", to_string(answer.result->status)));
    }
    errors_of(answers);
  }
  void begin_results(const ResultsHead&) override {}
  void task_result(const TaskLine& line) override { print(result_text(line) + "\n"); }
  void end_results(std::string_view) override {}
  void canceled(const std::vector<Answer<CancelReport>>& answers) override { errors_of(answers); }
  void retried(const std::vector<Answer<RetryReport>>& answers) override { errors_of(answers); }
  void removed(std::string_view) override {}
  void cleaned(const CleanupReport&, const std::vector<Answer<JobRef>>& chosen) override {
    errors_of(chosen);
  }
  void jobs(const std::vector<JobSummary>& jobs) override {
    for (const JobSummary& job : jobs) print(job.id + "\n");
  }
  void info(const JobInfo& info) override { print(info.summary.id + "\n"); }
  void contexts(const std::vector<NamedContext>& contexts) override {
    for (const NamedContext& named : contexts) print(named.name + "\n");
  }
  void database_ready(const DatabaseSetupReport&) override {}
  void database_previewed(const DatabaseSetupReport& report) override { print(report.sql); }
  void examined(const std::vector<Finding>& findings) override {
    for (const Finding& finding : findings) {
      if (finding.verdict == Finding::Verdict::wrong) print(finding.subject + "\n");
    }
  }
  void error(const Error& error, const JobRef& job) override {
    Error without_hint = error;
    without_hint.hint.clear();
    TextReport::error(without_hint, job);
  }

 private:
  /// A program's exit code (as shells say signals: 128 + number), the value, or "failed".
  static std::string result_text(const TaskLine& line) {
    if (auto end = program_end(line)) {
      return fmt::format("{}", end->signal != 0 ? 128 + end->signal : end->exit_code);
    }
    return line.value != nullptr ? visible_line(value_line(*line.value)) : "failed";
  }
};

}  // namespace

std::unique_ptr<Report> make_quiet_report(const Channels& channels) {
  return std::make_unique<QuietReport>(channels);
}

}  // namespace errand::cli
