# SPDX-License-Identifier: Apache-2.0

rxExec <- function(FUN, ..., elemArgs, elemType = "nodes", oncePerElem = FALSE, timesToRun = -1L,
                   packagesToLoad = NULL, execObjects = NULL, taskChunkSize = NULL, quote = FALSE,
                   consoleOutput = NULL, autoCleanup = NULL, continueOnFailure = TRUE,
                   RNGseed = NULL, RNGkind = NULL, foreachOpts = NULL) {
  context <- rxGetComputeContext()
  check_settings(elemType, oncePerElem, taskChunkSize, continueOnFailure)
  name <- function_name(substitute(FUN))
  FUN <- match.fun(FUN)
  own <- if (missing(elemArgs)) NULL else without_passwords(list(values = elemArgs))
  call <- new_call(FUN, name, without_passwords(list(...)), own, timesToRun, context, quote)
  objects <- without_passwords(exec_objects(execObjects, parent.frame()))
  seed <- exec_seed(RNGseed, RNGkind)
  if (call$tasks == 0) return(list())
  if (is(context, "RxForeachDoPar")) {
    return(with_names(run_by_foreach(call, objects, c(context@packagesToLoad, packagesToLoad), seed,
                                     taskChunkSize, foreachOpts), call$names))
  }
  if (is(context, "RxLocalSeq") && context@wait) {
    return(with_names(run_here(call, objects, c(context@packagesToLoad, packagesToLoad), seed), call$names))
  }
  options <- list(seed = seed, taskChunkSize = taskChunkSize, consoleOutput = consoleOutput,
                  autoCleanup = autoCleanup, continueOnFailure = continueOnFailure)
  job <- submit_call(call, objects, packagesToLoad, context, options)
  if (!context@wait) return(job)
  wait_and_collect(job)
}

with_names <- function(values, names) {
  if (!is.null(names)) names(values) <- names
  values
}

check_settings <- function(elemType, oncePerElem, taskChunkSize, continueOnFailure) {
  if (isTRUE(oncePerElem)) {
    if (identical(elemType, "cores")) stop("oncePerElem has to be FALSE with elemType = \"cores\"", call. = FALSE)
    stop("oncePerElem: no engine pins tasks to nodes of their own; leave it FALSE", call. = FALSE)
  }
  if (!is.null(taskChunkSize) && (!is.numeric(taskChunkSize) || length(taskChunkSize) != 1L ||
                                  is.na(taskChunkSize) || taskChunkSize < 1)) {
    stop("taskChunkSize is NULL or a number of tasks, 1 or more", call. = FALSE)
  }
  if (!is.null(continueOnFailure) && (!is.logical(continueOnFailure) || length(continueOnFailure) != 1L)) {
    stop("continueOnFailure is TRUE or FALSE", call. = FALSE)
  }
}

# Submits; gives the job at once.
submit_call <- function(call, objects, packages, context, options) {
  warn_of_baggage(without_source(call$FUN))
  description <- list(
    worker = worker_command(context), name = call$name, signature = signature_text(!is.null(call$names)),
    payload = payload_of(call, objects, packages), tasks = as.numeric(call$tasks), fanned = call$slots)
  key <- checked(.Call(errand_submit, context_fields(effective_context(context)), description, options))
  job <- new_job(key[[1L]], key[[2L]], context, call$name, call$tasks, Sys.time(), !is.null(call$names))
  session$last_job <- job
  job
}

# rxOptions(numCoresToUse =) counts where the context does not say.
effective_context <- function(context) {
  cores <- chosen_cores()
  if (is(context, "RxLocalParallel") && context@cores == 0 && !is.null(cores) && cores > 0) {
    context@cores <- min(cores, machine_cores())
  }
  context
}

# What wrote the job's bytes, and whether its results have names.
signature_text <- function(named) paste0("R ", getRversion(), if (named) ", named results")

# Ctrl-C ends the waiting and not the job.
wait_and_collect <- function(job) {
  report <- .Call(errand_wait, job_key(job), NULL, shows_progress())
  if (is_failure(report, "interrupted")) leave_job(job)
  checked(report)
  results <- rxGetJobResults(job)
  if (inherits(results, "rxJobMessage")) warning(unclass(results)[[1L]], call. = FALSE)
  results
}

shows_progress <- function() interactive() && isTRUE(rxGetOption("reportProgress", 0) > 0)

leave_job <- function(job) {
  message("The job goes on without this session waiting for it: ", job$id,
          "\nIt is rxgLastPendingJob; rxGetJobResults() gives its results, rxCancelJob() stops it.")
  signalCondition(structure(class = c("interrupt", "condition"), list(message = "", call = NULL)))
  invokeRestart("abort")
}
