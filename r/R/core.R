# SPDX-License-Identifier: Apache-2.0

# What every call of the core goes through: a failure of the core becomes an R condition whose classes
# name it (errand_not_found, errand_place_unwritable ...), with what to do next in its message.
checked <- function(answer, call = sys.call(-1L)) {
  if (!inherits(answer, "errand_failure")) return(answer)
  stop(core_condition(answer, call))
}

core_condition <- function(failure, call = NULL) {
  text <- in_r_words(failure$message)
  if (nzchar(failure$hint)) text <- paste0(text, "\n", in_r_words(failure$hint))
  structure(
    class = c(paste0("errand_", failure$code), "errandError", "error", "condition"),
    list(message = text, call = call, code = failure$code, hint = failure$hint, transient = failure$transient))
}

is_failure <- function(answer, ...) {
  inherits(answer, "errand_failure") && answer$code %in% c(...)
}

# The core counts tasks from 0 and names the verbs as C++ and the command line spell them.
in_r_words <- function(text) {
  for (verb in names(verbs_in_r)) text <- gsub(verb, verbs_in_r[[verb]], text, fixed = TRUE)
  found <- regmatches(text, gregexpr("\\btask [0-9]+\\b", text, perl = TRUE))[[1L]]
  if (!length(found)) return(text)
  numbers <- as.numeric(sub("task ", "", found[[1L]]))
  sub(paste0("\\b", found[[1L]], "\\b"), sprintf("task %.0f", numbers + 1), text, perl = TRUE)
}

verbs_in_r <- c(
  "get the results with auto_cleanup" = "fetch them by rxGetJobResults()",
  "or use force to remove it unread" = "or use force = TRUE to remove it unread",
  "or use force to cancel" = "or use force = TRUE to cancel",
  "retry_job (errand retry)" = "rxRetryJob()",
  "retry_job" = "rxRetryJob()",
  "wait_for_job" = "rxWaitForJob()",
  "cancel_job" = "rxCancelJob()",
  "get_partial_results" = "rxGetJobResults(partial = TRUE)",
  "cleanup_jobs" = "rxCleanupJobs()",
  "get_job_results" = "rxGetJobResults()",
  "console_output" = "consoleOutput",
  "auto_cleanup" = "autoCleanup")
