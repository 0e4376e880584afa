// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "errand/errand.h"

/// What the suite's jobs run.
namespace errand::conformance {

extern const Function<int, int> square_job;                    ///< i * i
extern const Function<int, int, int> fails_at_job;             ///< i; throws where i == the second argument
extern const Function<int, int, int> sleep_job;                ///< i, after so many milliseconds
extern const Function<void, std::string> print_job;            ///< writes the text to stdout and stderr
extern const Function<Buffer, std::uint64_t> large_job;        ///< so many bytes
extern const Function<int, int, int> crash_at_job;             ///< i; dies by SIGKILL where i == the second
extern const Function<int, int, std::string> crash_once_job;   ///< attempt; dies until the file exists
extern const Function<double> draw_job;                        ///< one random number
extern const Function<std::string, std::string> variable_job;  ///< an environment variable
extern const Function<std::string> where_job;                  ///< job id, task, attempt, working directory
extern const Function<int, std::string> daemon_job;  ///< starts a setsid daemon, writes its pid, sleeps
extern const Function<int, int> odd_throw_job;       ///< throws something that is no exception
extern const Function<std::uint64_t, std::uint64_t> allocate_job;  ///< touches so many bytes
extern const Function<int, std::string> count_job;                 ///< appends a byte to the file

}  // namespace errand::conformance
