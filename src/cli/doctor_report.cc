// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "cli/job_json.h"
#include "cli/text_report.h"

namespace errand::cli {
namespace {

Paint paint_of(Finding::Verdict verdict) {
  if (verdict == Finding::Verdict::wrong) return Paint::red;
  return verdict == Finding::Verdict::notable ? Paint::yellow : Paint::green;
}

}  // namespace

/// A line each; what to do stands below.
void TextReport::examined(const std::vector<Finding>& findings) {
  const bool color = channels_.out_terminal.color;
  for (const Finding& finding : findings) {
    const std::string verdict = fmt::format("{:<8}", to_string(finding.verdict));
    print(painted(verdict, paint_of(finding.verdict), color) + fmt::format(" {:<13} ", finding.subject) +
          visible(finding.message) + "\n");
    if (!finding.hint.empty()) print(std::string(23, ' ') + visible(finding.hint) + "\n");
  }
}

Json to_json(const Finding& finding) {
  return {{"verdict", to_string(finding.verdict)},
          {"subject", finding.subject},
          {"message", finding.message},
          {"hint", finding.hint}};
}

}  // namespace errand::cli
