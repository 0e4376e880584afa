// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/report.h"
#include "cli/value_json.h"

/// The library's plain values as JSON objects. Member names are part of the command's interface.
namespace errand::cli {

[[nodiscard]] Json to_json(const Error& error);
[[nodiscard]] Json to_json(const Progress& progress);
[[nodiscard]] Json to_json(const StatusReport& report);
[[nodiscard]] Json to_json(const JobSummary& summary);
[[nodiscard]] Json to_json(const ComputeContext& context);
[[nodiscard]] Json to_json(const JobInfo& info);
[[nodiscard]] Json to_json(const CancelReport& report);
[[nodiscard]] Json to_json(const RetryReport& report);
[[nodiscard]] Json to_json(const TaskLine& line);
[[nodiscard]] Json to_json(const DatabaseSetupReport& report);
[[nodiscard]] Json to_json(const Finding& finding);

}  // namespace errand::cli
