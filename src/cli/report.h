// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/output_stream.h"
#include "cli/terminal.h"
#include "errand/compute_context.h"
#include "errand/database.h"
#include "errand/doctor.h"
#include "errand/exec.h"
#include "errand/job.h"

namespace errand::cli {

/// What one job of several answered to a verb.
template <class T>
struct Answer {
  JobRef job;
  Result<T> result;
};

/// What is known about a job's results before the first is shown.
struct ResultsHead {
  JobRef job;
  std::uint64_t tasks = 0;  ///< of the job, as far as known
  bool programs = false;    ///< the tasks are programs
  bool partial = false;
};

/// One task's outcome. Exactly one of value and failure is set.
struct TaskLine {
  std::uint64_t task = 0;
  std::optional<std::uint32_t> attempt;
  const EncodedValue* value = nullptr;
  const TaskFailure* failure = nullptr;
  std::optional<std::string> output;  ///< the task's console text, if it was asked for
};

/// Everything the command says, in one of three manners. Answers go to standard output; hints, warnings
/// and progress to standard error.
class Report {
 public:
  virtual ~Report() = default;

  virtual void submitted(const JobRef& job) = 0;
  virtual void previewed(const SubmissionPreview& preview) = 0;
  virtual void statuses(const std::vector<Answer<StatusReport>>& answers) = 0;
  virtual void begin_results(const ResultsHead& head) = 0;
  virtual void task_result(const TaskLine& line) = 0;
  virtual void end_results(std::string_view warning) = 0;
  virtual void begin_text(const JobRef& job, std::string_view member) = 0;
  virtual void text(std::string_view piece) = 0;
  virtual void end_text() = 0;
  virtual void canceled(const std::vector<Answer<CancelReport>>& answers) = 0;
  virtual void retried(const std::vector<Answer<RetryReport>>& answers) = 0;
  virtual void removed(std::string_view directory) = 0;
  /// `chosen`: the jobs named; its errors are words that name none.
  virtual void cleaned(const CleanupReport& report, const std::vector<Answer<JobRef>>& chosen) = 0;
  virtual void jobs(const std::vector<JobSummary>& jobs) = 0;
  virtual void info(const JobInfo& info) = 0;
  virtual void contexts(const std::vector<NamedContext>& contexts) = 0;
  virtual void database_ready(const DatabaseSetupReport& report) = 0;
  virtual void database_previewed(const DatabaseSetupReport& report) = 0;
  virtual void examined(const std::vector<Finding>& findings) = 0;
  /// `job`: whose work goes on although the command failed; may be empty.
  virtual void error(const Error& error, const JobRef& job) = 0;
};

/// Where a report speaks to. All of it outlives the report.
struct Channels {
  OutputStream& out;
  OutputStream& err;
  Terminal out_terminal;
  Terminal err_terminal;
};

[[nodiscard]] std::unique_ptr<Report> make_text_report(const Channels& channels);
/// One JSON object on standard output, errors included; nothing on standard error.
[[nodiscard]] std::unique_ptr<Report> make_json_report(const Channels& channels);
/// Ids and single words, one a line; no hints.
[[nodiscard]] std::unique_ptr<Report> make_quiet_report(const Channels& channels);

/// The six last characters of an id: what tables print.
[[nodiscard]] std::string id_tail(std::string_view id);

/// "errand: message", and the hint indented on its own line. Neutralized.
[[nodiscard]] std::string error_text(const Error& error, bool color);

/// How a program ended, from its value or from its failure; nothing if that was no program's end.
[[nodiscard]] std::optional<ProgramResult> program_end(const TaskLine& line);

}  // namespace errand::cli
