// SPDX-License-Identifier: Apache-2.0
#include "cli/exit_code.h"

namespace errand::cli {

ExitCode exit_code_of(const Error& error) noexcept {
  switch (error.code) {
    case ErrorCode::invalid_argument:
      return ExitCode::usage;
    case ErrorCode::not_found:
    case ErrorCode::ambiguous:
    case ErrorCode::job_missing:
      return ExitCode::no_such_job;
    case ErrorCode::not_finished:
    case ErrorCode::timeout:
      return ExitCode::not_finished;
    case ErrorCode::job_failed:
    case ErrorCode::job_canceled:
      return ExitCode::unsuccessful;
    case ErrorCode::interrupted:
      return ExitCode::interrupted;
    default:
      return ExitCode::trouble;
  }
}

ExitCode exit_code_of(const StatusReport& report) noexcept {
  switch (report.status) {
    case JobStatus::finished:
      return report.progress.failed == 0 ? ExitCode::ok : ExitCode::unsuccessful;
    case JobStatus::failed:
    case JobStatus::canceled:
      return ExitCode::unsuccessful;
    case JobStatus::missing:
      return ExitCode::no_such_job;
    case JobStatus::queued:
    case JobStatus::running:
      return ExitCode::not_finished;
    case JobStatus::undetermined:
      return ExitCode::trouble;
  }
  return ExitCode::trouble;
}

}  // namespace errand::cli
