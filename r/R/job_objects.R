# SPDX-License-Identifier: Apache-2.0

# A job as R users hold it: its id and place, and what this session knows of it. The id alone is enough
# for every verb, in any session.
new_job <- function(id, place, context = NULL, name = "", tasks = NA_real_, submitted = NULL, named = NA) {
  structure(class = "rxJobInfo", list(
    id = id, place = place, computeContext = context, FUN = name, tasks = tasks, submitted = submitted,
    named = named))
}

new_job_list <- function(jobs) {
  names(jobs) <- vapply(jobs, `[[`, "", "id")
  structure(jobs, class = "rxJobInfoList")
}

# Anything that names a job, as c(id, place) for the core.
job_key <- function(job) {
  if (inherits(job, "rxJobInfo")) return(c(job$id, job$place))
  if (is.character(job) && length(job) == 1L && !is.na(job)) return(c(job, ""))
  if (is.null(job)) stop("there is no job: NULL was given where a job or its id is expected")
  stop("jobInfo is neither a job that rxExec() returned nor a job's id")
}

is_job_list <- function(jobs) {
  inherits(jobs, "rxJobInfoList") || (is.list(jobs) && !inherits(jobs, "rxJobInfo")) ||
    (is.character(jobs) && length(jobs) != 1L)
}

as_job <- function(job) {
  if (inherits(job, "rxJobInfo")) return(job)
  key <- checked(.Call(errand_find, job_key(job)))
  new_job(key[[1L]], key[[2L]])
}

last_job <- function() {
  key <- .Call(errand_last)
  if (is_failure(key, "not_found")) return(NULL)
  key <- checked(key)
  remembered <- session$last_job
  if (!is.null(remembered) && remembered$id == key[[1L]]) return(remembered)
  new_job(key[[1L]], key[[2L]])
}

format.rxJobInfo <- function(x, ...) x$id

print.rxJobInfo <- function(x, ...) {
  report <- .Call(errand_status, job_key(x))
  lines <- c(job = x$id,
             status = if (is.list(report) && !inherits(report, "errand_failure")) in_r_words(report$reason) else "unknown",
             tasks = progress_text(report),
             "function" = x$FUN,
             submitted = if (is.null(x$submitted)) "" else format(x$submitted),
             place = x$place)
  lines <- lines[nzchar(lines)]
  cat(paste0(format(names(lines)), "  ", lines, "\n"), sep = "")
  invisible(x)
}

progress_text <- function(report) {
  if (is.null(report$total) || report$total == 0) return("")
  parts <- c(sprintf("%.0f of %.0f done", report$succeeded + report$failed, report$total),
             if (report$failed > 0) sprintf("%.0f failed", report$failed),
             if (report$running > 0) sprintf("%.0f running", report$running))
  paste(parts, collapse = ", ")
}

print.rxJobInfoList <- function(x, ...) {
  if (!length(x)) cat("no jobs\n")
  for (job in x) {
    report <- .Call(errand_status, job_key(job))
    status <- if (inherits(report, "errand_failure")) "unknown" else report$status
    cat(sprintf("%-12s  %-16s  %s\n", status, substr(job$FUN, 1L, 16L), job$id))
  }
  invisible(x)
}

`[.rxJobInfoList` <- function(x, i) structure(unclass(x)[i], class = "rxJobInfoList")
