# SPDX-License-Identifier: Apache-2.0

rxCancelJob <- function(jobInfo, consoleOutput = NULL) {
  report <- checked(.Call(errand_cancel, job_key(jobInfo)))
  if (nzchar(report$output) && !identical(consoleOutput, FALSE)) cat(report$output)
  if (!report$canceled && nzchar(report$message)) message(in_r_words(report$message))
  report$canceled
}
