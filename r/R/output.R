# SPDX-License-Identifier: Apache-2.0

rxGetJobOutput <- function(jobInfo) {
  text <- .Call(errand_output, job_key(jobInfo))
  if (is_failure(text, "job_missing", "job_canceled")) return(state_message(text, job_key(jobInfo)))
  text <- checked(text)
  if (!validUTF8(text)) text <- iconv(text, "UTF-8", "UTF-8", sub = "byte")
  structure(text, class = "rxJobOutput")
}

print.rxJobOutput <- function(x, ...) {
  cat(unclass(x))
  invisible(x)
}
