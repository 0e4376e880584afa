# SPDX-License-Identifier: Apache-2.0

rxGetJobStatus <- function(jobInfo) {
  checked(.Call(errand_status, job_key(jobInfo)))$status
}

rxGetJobInfo <- function(object) {
  if (inherits(object, "rxJobInfo")) return(object)
  attr(object, "jobInfo", exact = TRUE)
}
