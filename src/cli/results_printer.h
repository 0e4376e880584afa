// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "cli/outcomes.h"
#include "cli/report.h"

namespace errand::cli {

/// Which outcomes to show: [first, last).
struct OutcomeRange {
  std::size_t first = 0;
  std::size_t last = 0;
};

/// Joins two streams that are both in task order, the outcomes and the tasks' console text, into the
/// report's lines; holds one task's text at a time.
class ResultsPrinter {
 public:
  /// Both outlive it.
  ResultsPrinter(Report& report, const Outcomes& outcomes, OutcomeRange range)
      : report_(report), outcomes_(outcomes), next_(range.first), last_(range.last) {}

  /// From here on lines carry the task's text, which is empty if none comes.
  void expect_texts() { with_text_ = true; }
  /// The following text() is this task's; lines of tasks before it are printed.
  void text_of(std::uint64_t task);
  void text(std::string_view piece) { text_ += piece; }
  /// Texts ended early: the lines that are left come without.
  void no_more_texts();
  /// Prints what is left.
  void finish();

 private:
  void print_before(std::optional<std::uint64_t> task);

  Report& report_;
  const Outcomes& outcomes_;
  std::size_t next_;
  std::size_t last_;
  bool with_text_ = false;
  std::optional<std::uint64_t> text_task_;
  std::string text_;
};

}  // namespace errand::cli
