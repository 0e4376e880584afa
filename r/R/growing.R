# SPDX-License-Identifier: Apache-2.0

# One growing job for each context that this session has futures in. Its outcomes are collected here as
# they come; a future asks for its own.
growing_job <- function(context) {
  key <- paste(deparse(context_fields(context)), collapse = "")
  found <- session$growing[[key]]
  if (!is.null(found)) return(found)
  description <- list(worker = worker_command(context), name = "future", signature = signature_text(FALSE),
                      payload = future_payload(), tasks = 0, fanned = list())
  opened <- checked(.Call(errand_open_growing, context_fields(context), description, list()))
  growing <- new.env(parent = emptyenv())
  growing$pointer <- opened$pointer
  growing$job <- opened$job
  growing$outcomes <- new.env(parent = emptyenv())
  # No more tasks come from a session that is over: the job can end when those that are there have.
  reg.finalizer(growing, function(growing) .Call(errand_growing_close, growing$pointer), onexit = TRUE)
  session$growing[[key]] <- growing
  growing
}

future_payload <- function() {
  run <- function(expr, globals) {
    for (name in names(globals)) assign(name, globals[[name]], envir = globalenv())
    eval(expr, globalenv())
  }
  environment(run) <- baseenv()
  call <- list(FUN = run, name = "future", arguments = list(expr = NULL, globals = NULL), places = 1:2,
               spread = FALSE, quote = TRUE, names = NULL)
  payload_of(call, list(), NULL)
}

append_task <- function(growing, arguments) {
  checked(.Call(errand_growing_append, growing$pointer, arguments))
}

# Takes in what has come; waits `timeout` seconds for something.
collect_outcomes <- function(growing, timeout) {
  came <- checked(.Call(errand_growing_next, growing$pointer, timeout))
  for (i in seq_along(came$index)) {
    assign(format_index(came$index[[i]]), list(value = came$values[[i]]), envir = growing$outcomes)
  }
  for (failure in came$failures) {
    assign(format_index(failure$task), list(failure = failure), envir = growing$outcomes)
  }
  length(came$index) + length(came$failures)
}

format_index <- function(index) sprintf("%.0f", index)

# A task's outcome, taken out: list(value =) or list(failure =), or NULL.
take_outcome <- function(growing, index) {
  key <- format_index(index)
  outcome <- growing$outcomes[[key]]
  if (!is.null(outcome)) rm(list = key, envir = growing$outcomes)
  outcome
}

# The same from a session that did not open the job.
read_outcome <- function(job, index) {
  came <- checked(.Call(errand_outcome, job, index))
  if (length(came$values)) return(list(value = came$values[[1L]]))
  if (length(came$failures)) return(list(failure = came$failures[[1L]]))
  NULL
}
