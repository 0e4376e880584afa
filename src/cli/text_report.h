// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "cli/report.h"
#include "cli/table.h"
#include "cli/visible_text.h"

namespace errand::cli {

/// Tables and sentences for people.
class TextReport : public Report {
 public:
  explicit TextReport(const Channels& channels) : channels_(channels) {}

  void submitted(const JobRef& job) override;
  void previewed(const SubmissionPreview& preview) override;
  void statuses(const std::vector<Answer<StatusReport>>& answers) override;
  void begin_results(const ResultsHead& head) override;
  void task_result(const TaskLine& line) override;
  void end_results(std::string_view warning) override;
  void begin_text(const JobRef& job, std::string_view member) override;
  void text(std::string_view piece) override;
  void end_text() override;
  void canceled(const std::vector<Answer<CancelReport>>& answers) override;
  void retried(const std::vector<Answer<RetryReport>>& answers) override;
  void removed(std::string_view directory) override;
  void cleaned(const CleanupReport& report, const std::vector<Answer<JobRef>>& chosen) override;
  void jobs(const std::vector<JobSummary>& jobs) override;
  void info(const JobInfo& info) override;
  void contexts(const std::vector<NamedContext>& contexts) override;
  void database_ready(const DatabaseSetupReport& report) override;
  void database_previewed(const DatabaseSetupReport& report) override;
  void examined(const std::vector<Finding>& findings) override;
  void error(const Error& error, const JobRef& job) override;

 protected:
  [[nodiscard]] const Channels& channels() const { return channels_; }
  void print(std::string_view text) { channels_.out.write(text); }
  void warn(std::string_view text);
  template <class T>
  void errors_of(const std::vector<Answer<T>>& answers) {
    for (const auto& answer : answers) {
      if (!answer.result) error(answer.result.error(), answer.job);
    }
  }

 private:
  void status_table(const std::vector<Answer<StatusReport>>& answers);
  [[nodiscard]] std::string result_line(std::string task, const Cell& outcome, const std::string& rest) const;

  Channels channels_;
  ResultsHead head_;
  Neutralizer neutralizer_;
};

/// The lines "name  value" of errand info.
[[nodiscard]] std::string info_text(const JobInfo& info, const Terminal& terminal);

}  // namespace errand::cli
