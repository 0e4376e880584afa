# SPDX-License-Identifier: Apache-2.0

# The condition that stands at the place of a task without a value. What the task itself raised comes back
# as it was, with its classes; what has no R condition (a killed worker, a limit) gets one of class
# rxTaskFailure. Either has the attribute "rxTask": where, why and the calls that led there.
task_condition <- function(failure) {
  condition <- native_condition(failure)
  if (is.null(condition)) {
    condition <- structure(
      class = c(paste0("rxTask_", gsub(" ", "_", failure$cause)), "rxTaskFailure", "error", "condition"),
      list(message = failure$message, call = NULL))
  }
  attr(condition, "rxTask") <- list(
    task = failure$task + 1, cause = failure$cause, type = failure$type,
    attempt = failure$attempt, traceback = failure$traceback)
  condition
}

r_serialization <- 4

native_condition <- function(failure) {
  if (failure$codec != r_serialization || !length(failure$native)) return(NULL)
  condition <- tryCatch(unserialize(failure$native), error = function(e) NULL)
  if (inherits(condition, "condition")) condition else NULL
}

conditionCall.rxTaskFailure <- function(c) NULL

# One warning for all failed tasks of a job.
failure_warning <- function(failures, total, kept) {
  text <- character()
  if (length(failures)) {
    first <- failures[[1L]]
    text <- sprintf("%.0f of %.0f tasks failed; the first, task %.0f: %s; rxRetryJob() runs them again.",
                    length(failures), total, first$task + 1, first$message)
  }
  paste(c(text, kept), collapse = " ")
}

# A message of the job's state, where results cannot be had: a string that says so when it is printed.
new_job_message <- function(text, status, job) {
  structure(text, class = c("rxJobMessage", "character"), status = status, job = job$id)
}

print.rxJobMessage <- function(x, ...) {
  cat(unclass(x)[[1L]], "\n", sep = "")
  invisible(x)
}
