# SPDX-License-Identifier: Apache-2.0

rxCancelJob <- function(jobInfo, consoleOutput = NULL) {
  text <- if (isTRUE(consoleOutput)) text_before_cancel(jobInfo)
  report <- checked(.Call(errand_cancel, job_key(jobInfo)))
  if (is.null(consoleOutput)) text <- report$output
  cat(text)
  if (!report$canceled && nzchar(report$message)) message(in_r_words(report$message))
  report$canceled
}

# Read first: carrying out the cancel removes it.
text_before_cancel <- function(job) {
  text <- tryCatch(rxGetJobOutput(job), errandError = function(e) NULL)
  if (inherits(text, "rxJobOutput")) unclass(text)
}
