# SPDX-License-Identifier: Apache-2.0

utils::globalVariables("chunk")  # foreach's iteration variable

# RxForeachDoPar: the calls of rxExec() go to whatever foreach backend is registered. Always waiting.
run_by_foreach <- function(call, objects, packages, seed, taskChunkSize, foreachOpts) {
  need_package("foreach", "RxForeachDoPar")
  prepared <- prepared_call_here(call, objects)
  calls <- lapply(seq_len(call$tasks), function(i) call_of_task(prepared, call$slots, i))
  streams <- rep(list(NULL), call$tasks)
  if (!is.null(seed)) {
    first <- first_stream(seed)
    streams <- lapply(seq_len(call$tasks) - 1, stream_of_task, first = first)
  }
  chunks <- chunk_sequence(call$tasks, taskChunkSize)
  where <- prepared$environment
  run <- function(chunk) lapply(chunk, function(i) eval_with_stream(calls[[i]], streams[[i]], where))
  environment(run) <- list2env(
    list(calls = calls, streams = streams, where = where, eval_with_stream = eval_with_stream),
    parent = globalenv())
  task <- foreach::foreach
  loop <- do.call(task, c(list(chunk = chunks, .packages = unique(packages)), foreachOpts))
  `%dopar%` <- foreach::`%dopar%`
  kept <- keep_random_state()
  if (!is.null(seed)) on.exit(restore_random_state(kept))
  unlist(loop %dopar% run(chunk), recursive = FALSE)
}

eval_with_stream <- function(call, stream, where) {
  if (!is.null(stream)) assign(".Random.seed", stream, envir = globalenv())
  eval(call, where)
}
environment(eval_with_stream) <- baseenv()

chunk_sequence <- function(n, size) {
  if (is.null(size)) size <- 1
  unname(split(seq_len(n), (seq_len(n) - 1) %/% size))
}

need_package <- function(package, what) {
  if (!requireNamespace(package, quietly = TRUE)) {
    stop(what, " needs the package ", package, ": install.packages(\"", package, "\")", call. = FALSE)
  }
}
