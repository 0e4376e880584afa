// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "errand/compute_context.h"

/// What a user needs for jobs to run, looked at: what `errand doctor` does.
namespace errand {

/// One thing that was looked at.
struct Finding {
  enum class Verdict : std::uint8_t {
    good,
    notable,  ///< works, but a user may want to know or to do something
    wrong     ///< jobs will not run, or may be lost, until something is done
  };
  Verdict verdict = Verdict::good;
  std::string subject;  ///< "place", "agent", "server", "launchpad" ...
  std::string message;  ///< what there is, a sentence without a full stop
  std::string hint;     ///< what to do; empty if there is nothing to do
};

/// "good", "notable", "wrong".
[[nodiscard]] std::string_view to_string(Finding::Verdict verdict) noexcept;

/// Looks at the context's place, its engine and what these need, and says what it found; changes nothing
/// (a probe file is written to the place and removed). What cannot be looked at is a finding, too.
[[nodiscard]] std::vector<Finding> examine(const ComputeContext& context);

/// True if something is wrong.
[[nodiscard]] bool anything_wrong(const std::vector<Finding>& findings);

}  // namespace errand
