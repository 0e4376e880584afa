# SPDX-License-Identifier: Apache-2.0

rxWaitForJob <- function(jobInfo, timeout = NULL) {
  job <- as_job(jobInfo)
  report <- .Call(errand_wait, job_key(job), timeout, shows_progress())
  if (is_failure(report, "interrupted")) leave_job(job)
  invisible(checked(report)$status)
}
