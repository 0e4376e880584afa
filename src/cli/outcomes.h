// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/report.h"

namespace errand::cli {

/// The outcomes in hand, of a finished job or of a running one; a view makes a line of each when asked,
/// for there may be ten million.
class Outcomes {
 public:
  explicit Outcomes(JobResults<EncodedValue> complete) : complete_(std::move(complete)) {}
  explicit Outcomes(std::vector<EncodedOutcome> partial) : partial_(std::move(partial)) {}

  [[nodiscard]] std::size_t size() const;
  /// The line of outcome i, in task order; it points into this object. Requires i < size().
  [[nodiscard]] TaskLine line(std::size_t i) const;
  /// Which outcome is that task's; nothing if it has none.
  [[nodiscard]] std::optional<std::size_t> find(std::uint64_t task) const;
  /// One more than the highest task.
  [[nodiscard]] std::uint64_t tasks() const;
  [[nodiscard]] bool is_partial() const { return !complete_; }
  [[nodiscard]] bool all_succeeded() const;
  /// True if the tasks were programs.
  [[nodiscard]] bool programs() const;
  [[nodiscard]] std::string warning() const { return complete_ ? complete_->warning : std::string(); }

 private:
  std::optional<JobResults<EncodedValue>> complete_;
  std::vector<EncodedOutcome> partial_;
};

}  // namespace errand::cli
