# SPDX-License-Identifier: Apache-2.0

# plan(errand): every future is a task of one growing job. A future that was saved is resolved in any later
# session: value(readRDS("future.rds")).
errand <- function(..., envir = parent.frame()) {
  need_package("future", "plan(errand)")
  future <- new_future(..., envir = envir)
  if (!future$lazy) future <- future::run(future)
  invisible(future)
}
class(errand) <- c("errand", "future", "function")

new_future <- function(expr = NULL, envir = parent.frame(), substitute = TRUE, lazy = FALSE, globals = TRUE,
                       label = NULL, packages = NULL, computeContext = NULL, workers = NULL, ...) {
  if (substitute) expr <- substitute(expr)
  found <- future::getGlobalsAndPackages(expr, envir = envir, globals = globals)
  future <- future::Future(expr = found$expr, envir = envir, substitute = FALSE, lazy = lazy,
                           globals = found$globals, packages = unique(c(found$packages, packages)),
                           label = label, ...)
  future$computeContext <- future_context(computeContext, workers)
  structure(future, class = c("ErrandFuture", class(future)))
}

future_context <- function(context, workers) {
  context <- if (is.null(context)) rxGetComputeContext() else RxComputeContext(context)
  if (is(context, "RxLocalSeq") || is(context, "RxForeachDoPar")) context <- RxLocalParallel(context)
  if (is.numeric(workers)) context@cores <- as.numeric(workers)
  context@wait <- FALSE
  context
}

run_future <- function(future, ...) {
  if (future$state != "created") {
    stop(future::FutureError("a future can only be launched once", future = future))
  }
  growing <- growing_job(future$computeContext)
  future$task <- append_task(growing, list(future::getExpression(future), without_passwords(as.list(future$globals))))
  future$job <- growing$job
  future$state <- "running"
  invisible(future)
}

# The growing job of this very session that a future belongs to, or NULL.
own_growing <- function(future) {
  for (growing in session$growing) {
    if (identical(growing$job, future$job)) return(growing)
  }
  NULL
}

look_for_outcome <- function(future, timeout) {
  growing <- own_growing(future)
  if (is.null(growing)) {
    outcome <- read_outcome(future$job, future$task)
    if (is.null(outcome) && timeout > 0) Sys.sleep(min(timeout, 0.05))
    return(outcome)
  }
  outcome <- take_outcome(growing, future$task)
  if (!is.null(outcome)) return(outcome)
  collect_outcomes(growing, timeout)
  take_outcome(growing, future$task)
}

settle_future <- function(future, outcome) {
  future$state <- "finished"
  if (inherits(outcome$value, "FutureResult")) {
    future$result <- outcome$value
  } else {
    text <- if (is.null(outcome$failure)) "it gave something that is no future's result" else outcome$failure$message
    future$state <- "failed"
    future$result <- future::FutureError(paste0("the future was not evaluated: ", text), future = future)
  }
  future
}

resolved_future <- function(x, run = TRUE, timeout = NULL, ...) {
  if (x$state == "created") {
    if (run) future::run(x)
    return(FALSE)
  }
  if (!is.null(x$result)) return(TRUE)
  outcome <- look_for_outcome(x, if (is.null(timeout)) 0 else timeout)
  if (is.null(outcome)) return(FALSE)
  settle_future(x, outcome)
  TRUE
}

result_of_future <- function(future, ...) {
  if (future$state == "created") future <- future::run(future)
  while (is.null(future$result)) {
    outcome <- look_for_outcome(future, 0.2)
    if (!is.null(outcome)) settle_future(future, outcome)
  }
  if (inherits(future$result, "FutureError")) stop(future$result)
  future$result
}

workers_of_plan <- function(evaluator) {
  settings <- formals(evaluator)
  if (is.numeric(settings$workers)) return(settings$workers)
  backend_workers(future_context(NULL, NULL))
}

register_future_methods <- function(...) {
  future <- asNamespace("future")
  registerS3method("run", "ErrandFuture", run_future, envir = future)
  registerS3method("resolved", "ErrandFuture", resolved_future, envir = future)
  registerS3method("result", "ErrandFuture", result_of_future, envir = future)
  registerS3method("nbrOfWorkers", "errand", workers_of_plan, envir = future)
}
