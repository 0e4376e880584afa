// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "cli/report.h"

namespace errand::cli {

/// What every verb takes.
struct GlobalOptions {
  bool json = false;
  bool quiet = false;
  std::string color = "auto";
  std::optional<std::string> context;
  std::optional<std::string> share_dir;
};

/// One run of the command: its options, its streams and the place it works in.
class Session {
 public:
  GlobalOptions options;

  Session();

  /// Call once, after the options are read: puts the context in force and chooses the report.
  /// Errors: not_found, invalid_argument (unknown context, bad configuration file).
  [[nodiscard]] Result<void> open();

  [[nodiscard]] Report& report() { return *report_; }
  [[nodiscard]] OutputStream& out() { return out_; }
  [[nodiscard]] OutputStream& err() { return err_; }
  [[nodiscard]] const Terminal& out_terminal() const { return out_terminal_; }
  [[nodiscard]] const Terminal& err_terminal() const { return err_terminal_; }
  [[nodiscard]] const ComputeContext& context() const { return context_; }

  /// The job a word on the command line means. A whole id that is nowhere is not an error here: the
  /// verbs say `missing`. Errors: not_found, ambiguous, place_unreadable, invalid_argument.
  [[nodiscard]] Result<JobRef> find(const std::string& word, bool for_writing = false) const;

  /// Asks `ask` about every job; words that name no job become errors among the answers.
  template <class T, class Ask>
  [[nodiscard]] std::vector<Answer<T>> ask_each(const std::vector<std::string>& words, bool for_writing,
                                                Ask ask) const {
    std::vector<Answer<T>> answers;
    for (const std::string& word : words) {
      Result<JobRef> job = find(word, for_writing);
      if (job) {
        answers.push_back({*job, ask(*job)});
      } else {
        answers.push_back({JobRef(without_secrets(word)), job.error()});
      }
    }
    return answers;
  }

 private:
  OutputStream out_;
  OutputStream err_;
  Terminal out_terminal_;
  Terminal err_terminal_;
  ComputeContext context_;
  std::unique_ptr<Report> report_;
};

/// The gravest code of the answers, errors and values alike; `of` gives a value's.
template <class T, class Of>
[[nodiscard]] ExitCode gravest(const std::vector<Answer<T>>& answers, Of of) {
  ExitCode code = ExitCode::ok;
  for (const auto& answer : answers) {
    code = worse(code, answer.result ? of(*answer.result) : exit_code_of(answer.result.error()));
  }
  return code;
}

/// True for text of an id's full length and alphabet, in either case.
[[nodiscard]] bool is_whole_id(std::string_view text) noexcept;

}  // namespace errand::cli
