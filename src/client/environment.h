// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "errand/compute_context.h"
#include "errand/error.h"

namespace errand::client {

/// Recorded with a job in a database: the place's name as the submitter wrote it, so that a data source in a
/// task can tell that it names the database it runs in.
inline constexpr const char* place_variable = "ERRAND_IN_DATABASE";

/// The environment recorded with a job: the standard list (HOME, USER, PATH, LC_* ...; all of it in
/// docs/configuration.md) as this process has it, plus what the context names. "NAME=value" wins over
/// the standard list; "NAME" copies, and is left out if it is not set here. Sorted, each name once.
/// Errors: invalid_argument (a malformed name; ERRAND_JOB, ERRAND_TASK and ERRAND_ATTEMPT, which the
/// worker sets).
[[nodiscard]] Result<std::vector<std::string>> capture_environment(const ComputeContext& context);

/// The same, out of a given environment of "NAME=value" entries.
[[nodiscard]] Result<std::vector<std::string>> capture_environment(const ComputeContext& context,
                                                                   std::span<const std::string> from);

/// Checks one entry of ComputeContext::environment. Errors: invalid_argument.
[[nodiscard]] Result<void> check_environment_entry(std::string_view entry);

}  // namespace errand::client
