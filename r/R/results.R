# SPDX-License-Identifier: Apache-2.0

rxGetJobResults <- function(jobInfo, consoleOutput = NULL, autoCleanup = NULL, partial = FALSE) {
  if (isTRUE(partial)) return(partial_results(jobInfo))
  key <- job_key(jobInfo)
  names <- names_of_results(jobInfo)
  answer <- .Call(errand_results, key, consoleOutput, autoCleanup)
  if (is_failure(answer, "not_finished", "job_failed", "job_canceled", "job_missing")) {
    return(state_message(answer, key))
  }
  answer <- checked(answer)
  values <- answer$values
  for (failure in answer$failures) values[[failure$task + 1]] <- task_condition(failure)
  warn_of_failures(answer, length(values))
  with_names(values, names)
}

state_message <- function(failure, key) {
  text <- in_r_words(failure$message)
  if (nzchar(failure$hint)) text <- paste0(text, "; ", in_r_words(failure$hint))
  status <- c(not_finished = "running", job_failed = "failed", job_canceled = "canceled",
              job_missing = "missing")[[failure$code]]
  new_job_message(text, status, list(id = key[[1L]]))
}

warn_of_failures <- function(answer, total) {
  kept <- regmatches(answer$warning, regexpr("The job was kept.*$", answer$warning))
  if (length(answer$failures) || length(kept)) {
    warning(failure_warning(answer$failures, total, in_r_words(kept)), call. = FALSE)
  }
}

# A list of what there is, named by task, while the job runs or after; conditions at failed places.
partial_results <- function(job) {
  names <- names_of_results(job)
  answer <- .Call(errand_partial_results, job_key(job))
  if (is_failure(answer, "job_canceled", "job_missing")) return(state_message(answer, job_key(job)))
  answer <- checked(answer)
  index <- c(answer$index, vapply(answer$failures, `[[`, 0, "task")) + 1
  values <- c(answer$values, lapply(answer$failures, task_condition))
  order <- order(index)
  index <- index[order]
  labels <- if (is.null(names)) sprintf("rxElem%.0f", index) else names[index]
  structure(setNames(values[order], labels), index = index)
}

# The names that elemArgs gave, in whichever session it was.
names_of_results <- function(job) {
  if (inherits(job, "rxJobInfo") && identical(job$named, FALSE)) return(NULL)
  info <- .Call(errand_info, job_key(job))
  if (inherits(info, "errand_failure") || !grepl("named results", info$signature, fixed = TRUE)) return(NULL)
  payload <- .Call(errand_payload, job_key(job))
  if (inherits(payload, "errand_failure")) NULL else payload$names
}
