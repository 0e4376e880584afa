# SPDX-License-Identifier: Apache-2.0

rxRetryJob <- function(jobInfo) {
  report <- checked(.Call(errand_retry, job_key(jobInfo)))
  message(in_r_words(report$message))
  invisible(report$tasks)
}
