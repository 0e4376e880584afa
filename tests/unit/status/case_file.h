// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "errand/job_status.h"
#include "status/evidence.h"

namespace errand::status {

/// One case of tests/status_cases (format: README.md there).
struct StatusCase {
  std::string name;
  std::string origin;  ///< file:line
  Evidence evidence;
  EngineReport engine;
  JobStatus status = JobStatus::undetermined;
  std::string reason;
  Progress progress;
  std::vector<std::string> problems;  ///< what could not be read; must be empty
};

std::vector<StatusCase> read_cases(const std::string& path);

/// `*` in the pattern stands for any text.
bool matches(const std::string& text, const std::string& pattern);

}  // namespace errand::status
