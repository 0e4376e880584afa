# SPDX-License-Identifier: Apache-2.0

# %dopar% on errand: every iteration is a task of one job, in the context given here or in the one in force.
registerDoErrand <- function(computeContext = NULL, chunkSize = NULL) {
  need_package("foreach", "registerDoErrand()")
  if (!is.null(computeContext)) computeContext <- RxComputeContext(computeContext)
  foreach::setDoPar(run_loop, list(context = computeContext, chunkSize = chunkSize), describe_backend)
  invisible(NULL)
}

describe_backend <- function(data, item) {
  switch(item, name = "doErrand", version = as.character(utils::packageVersion("errand")),
         workers = backend_workers(backend_context(data)), NULL)
}

backend_context <- function(data) {
  context <- if (is.null(data$context)) rxGetComputeContext() else data$context
  if (is(context, "RxForeachDoPar")) context <- RxLocalParallel(context)
  context
}

backend_workers <- function(context) {
  context <- effective_context(context)
  if (is(context, "RxLocalSeq")) 1 else if (context@cores > 0) context@cores else machine_cores()
}

run_loop <- function(obj, expr, envir, data) {
  if (!inherits(obj, "foreach")) stop("obj must be a foreach object")
  iterator <- iterators::iter(obj)
  accumulator <- foreach::makeAccum(iterator)
  arguments <- as.list(iterator)
  if (length(arguments)) {
    results <- loop_results(obj, expr, envir, data, arguments)
    tryCatch(accumulator(results, seq_along(results)), error = function(e) {
      cat("error calling combine function:\n")
      print(e)
    })
  }
  value <- foreach::getErrorValue(iterator)
  if (identical(obj$errorHandling, "stop") && !is.null(value)) {
    stop(simpleError(sprintf("task %d failed - \"%s\"", foreach::getErrorIndex(iterator), conditionMessage(value)),
                     call = expr))
  }
  foreach::getResult(iterator)
}

loop_results <- function(obj, expr, envir, data, arguments) {
  options <- loop_options(obj$options$errand, data)
  context <- RxComputeContext(backend_context(data), wait = FALSE, autoCleanup = FALSE)
  call <- list(FUN = loop_body(obj, expr, envir), name = "FUN", arguments = list(),
               slots = list(without_passwords(unname(arguments))), places = integer(), spread = TRUE,
               names = NULL, tasks = length(arguments), quote = TRUE)
  job <- submit_call(call, list(), loop_packages(obj), context, options)
  finished <- FALSE
  on.exit(if (finished) .Call(errand_cleanup, list(job_key(job)), TRUE, FALSE))
  if (obj$verbose) message("errand: job ", job$id, ", ", length(arguments), " tasks")
  report <- .Call(errand_wait, job_key(job), NULL, shows_progress())
  if (is_failure(report, "interrupted")) leave_job(job)
  checked(report)
  outcomes <- checked(.Call(errand_partial_results, job_key(job)))
  finished <- TRUE
  results <- vector("list", length(arguments))
  results[outcomes$index + 1] <- outcomes$values
  for (failure in outcomes$failures) results[[failure$task + 1]] <- task_condition(failure)
  results
}

loop_options <- function(own, data) {
  known <- c("chunkSize", "seed")
  ignored <- setdiff(names(own), known)
  if (length(ignored)) {
    warning("ignoring unrecognized errand option(s): ", paste(ignored, collapse = ", "), call. = FALSE)
  }
  size <- if (is.null(own$chunkSize)) data$chunkSize else own$chunkSize
  list(taskChunkSize = size, seed = exec_seed(own$seed, NULL), continueOnFailure = TRUE)
}

loop_packages <- function(obj) as.character(obj$packages)

# The loop's body as a function of its iteration variables, with the variables it uses from outside.
loop_body <- function(obj, expr, envir) {
  exports <- exported_variables(obj, expr, envir)
  body <- function(...) {
    iteration <- new.env(parent = exports)
    values <- list(...)
    for (name in names(values)) assign(name, values[[name]], envir = iteration)
    eval(expr, iteration)
  }
  environment(body) <- list2env(list(expr = expr, exports = exports), parent = baseenv())
  body
}

exported_variables <- function(obj, expr, envir) {
  exports <- new.env(parent = globalenv())
  # A loop inside a function with dots may use them.
  dots <- tryCatch(eval(quote(list(...)), envir), error = function(e) NULL)
  if (length(dots)) {
    delayed <- do.call(function(...) environment(), dots)
    exports <- delayed
    parent.env(exports) <- globalenv()
  }
  bad <- union(obj$noexport, obj$argnames)
  foreach::getexports(expr, exports, envir, bad = bad)
  for (name in setdiff(unique(obj$export), ls(exports))) {
    if (!exists(name, envir = envir, inherits = TRUE)) stop(sprintf("unable to find variable \"%s\"", name))
    assign(name, export_value(get(name, envir = envir, inherits = TRUE), envir, exports), envir = exports)
  }
  add_globals(expr, exports, bad)
  take_passwords_out_of(exports)
  exports
}

# foreach looks no further than the function that the loop is in. What the loop, and the functions it calls,
# take from the global environment is sent along, too: so the loop runs as it would here.
add_globals <- function(expr, exports, bad) {
  waiting <- unique(all.names(expr))
  seen <- union(bad, ls(exports, all.names = TRUE))
  while (length(waiting)) {
    name <- waiting[[1L]]
    waiting <- waiting[-1L]
    if (name %in% seen || !exists(name, envir = globalenv(), inherits = FALSE)) next
    seen <- c(seen, name)
    value <- get(name, envir = globalenv())
    assign(name, export_value(value, globalenv(), exports), envir = exports)
    if (is.function(value) && !is.primitive(value)) waiting <- union(waiting, all.names(body(value)))
  }
}

# An exported function finds the other exported ones.
export_value <- function(value, envir, exports) {
  if (is.function(value) && !is.primitive(value) &&
      (identical(environment(value), globalenv()) || identical(environment(value), envir))) {
    environment(value) <- exports
  }
  value
}
