# SPDX-License-Identifier: Apache-2.0

rxGetJobs <- function(computeContext = rxGetComputeContext(), exactMatch = FALSE, startTime = NULL,
                      endTime = NULL, states = NULL, verbose = TRUE) {
  if (is.character(computeContext)) computeContext <- RxComputeContext(computeContext)
  found <- checked(.Call(errand_jobs, context_fields(computeContext), exactMatch, seconds_of(startTime),
                         seconds_of(endTime), as.character(states)))
  if (isTRUE(verbose)) {
    for (job in found) cat(summary_line(job), "\n", sep = "")
  }
  jobs <- lapply(found, function(job) {
    new_job(job$id, job$place, NULL, job[["function"]], job$total, moment(job$created))
  })
  jobs <- new_job_list(jobs)
  if (isTRUE(verbose)) invisible(jobs) else jobs
}

summary_line <- function(job) {
  sprintf("%-12s  %s  %s", job$status, format(moment(job$modified)), job$id)
}

moment <- function(seconds) as.POSIXct(seconds, origin = "1970-01-01")

seconds_of <- function(time) {
  if (is.null(time)) return(NULL)
  seconds <- as.numeric(as.POSIXct(time))
  if (length(seconds) != 1L || is.na(seconds)) stop("a time is a POSIXct, or text that as.POSIXct() reads")
  seconds
}
