// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "cli/command_words.h"
#include "cli/job_json.h"
#include "cli/report.h"

namespace errand::cli {
namespace {

/// One object; results are streamed into it, a line each, for there may be ten million.
class JsonReport final : public Report {
 public:
  explicit JsonReport(const Channels& channels) : out_(channels.out) {}

  void submitted(const JobRef& job) override { print({{"id", job.id()}, {"place", job.place()}}); }
  void previewed(const SubmissionPreview& preview) override {
    print({{"summary", preview.summary},
           {"argv", preview.argv},
           {"script", preview.script},
           {"template", preview.template_origin}});
  }
  void statuses(const std::vector<Answer<StatusReport>>& answers) override { print_answers(answers); }

  void begin_results(const ResultsHead& head) override {
    Json opening{{"id", head.job.id()}, {"tasks", head.tasks}, {"partial", head.partial}};
    std::string text = json_text(opening);
    text.pop_back();
    out_.write(text + ",\"results\":[");
    first_ = true;
    failed_ = 0;
  }
  void task_result(const TaskLine& line) override {
    failed_ += line.failure != nullptr ? 1 : 0;
    out_.write((std::exchange(first_, false) ? "\n" : ",\n") + json_text(to_json(line)));
  }
  void end_results(std::string_view warning) override {
    Json closing{{"failed", failed_}, {"warning", warning}};
    out_.write("\n]," + json_text(closing).substr(1) + "\n");
  }

  void begin_text(const JobRef& job, std::string_view member) override {
    text_ = Json{{"id", job.id()}};
    member_ = member;
    collected_.clear();
  }
  void text(std::string_view piece) override { collected_ += piece; }
  void end_text() override {
    text_[member_] = collected_;
    print(text_);
  }

  void canceled(const std::vector<Answer<CancelReport>>& answers) override { print_answers(answers); }
  void retried(const std::vector<Answer<RetryReport>>& answers) override { print_answers(answers); }
  void removed(std::string_view directory) override { directories_.push_back(std::string(directory)); }
  void cleaned(const CleanupReport& report, const std::vector<Answer<JobRef>>& chosen) override {
    Json errors = Json::array();
    for (const auto& [job, result] : chosen) {
      if (!result) errors.push_back({{"id", job.id()}, {"error", to_json(result.error())}});
    }
    Json warnings = Json::array();
    for (const std::string& warning : report.warnings) warnings.push_back(in_command_words(warning));
    print({{"removed", report.removed},
           {"directories", directories_},
           {"warnings", std::move(warnings)},
           {"errors", std::move(errors)}});
  }
  void jobs(const std::vector<JobSummary>& jobs) override { print_list("jobs", jobs); }
  void info(const JobInfo& info) override { print(to_json(info)); }
  void contexts(const std::vector<NamedContext>& contexts) override {
    Json list = Json::array();
    for (const NamedContext& named : contexts) {
      Json entry{{"name", named.name}, {"origin", named.origin}};
      entry.update(to_json(named.context));
      list.push_back(std::move(entry));
    }
    print({{"contexts", std::move(list)}});
  }
  void database_ready(const DatabaseSetupReport& report) override { print(to_json(report)); }
  void database_previewed(const DatabaseSetupReport& report) override { print(to_json(report)); }
  void examined(const std::vector<Finding>& findings) override {
    Json list = Json::array();
    for (const Finding& finding : findings) list.push_back(to_json(finding));
    print({{"findings", std::move(list)}});
  }
  void error(const Error& error, const JobRef& job) override {
    Json json{{"error", to_json(error)}};
    if (!job.id().empty()) json["id"] = job.id();
    print(json);
  }

 private:
  void print(const Json& json) { out_.write(json_text(json) + "\n"); }

  void print_list(std::string_view name, const std::vector<JobSummary>& jobs) {
    out_.write("{\"" + std::string(name) + "\":[");
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      out_.write((i == 0 ? "\n" : ",\n") + json_text(to_json(jobs[i])));
    }
    out_.write(jobs.empty() ? "]}\n" : "\n]}\n");
  }

  template <class T>
  void print_answers(const std::vector<Answer<T>>& answers) {
    Json list = Json::array();
    for (const auto& [job, result] : answers) {
      Json entry{{"id", job.id()}};
      if (result) {
        entry.update(to_json(*result));
      } else {
        entry["error"] = to_json(result.error());
      }
      list.push_back(std::move(entry));
    }
    print({{"jobs", std::move(list)}});
  }

  OutputStream& out_;
  bool first_ = true;
  std::uint64_t failed_ = 0;
  Json text_;
  std::string member_;
  std::string collected_;
  std::vector<std::string> directories_;
};

}  // namespace

std::unique_ptr<Report> make_json_report(const Channels& channels) {
  return std::make_unique<JsonReport>(channels);
}

}  // namespace errand::cli
