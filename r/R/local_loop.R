# SPDX-License-Identifier: Apache-2.0

# The waiting RxLocalSeq: a plain loop in this session, as the original's. No job, no capture; an error
# stops the loop, Ctrl-C is R's own.
run_here <- function(call, objects, packages, seed) {
  load_packages(packages)
  prepared <- prepared_call_here(call, objects)
  if (!is.null(seed)) {
    kept <- keep_random_state()
    on.exit(restore_random_state(kept))
    first <- first_stream(seed)
  }
  values <- vector("list", call$tasks)
  for (i in seq_len(call$tasks)) {
    if (!is.null(seed)) assign(".Random.seed", stream_of_task(first, i - 1), envir = globalenv())
    value <- eval(call_of_task(prepared, call$slots, i), prepared$environment)
    if (!is.null(value)) values[[i]] <- value
  }
  values
}

# Objects go into an environment between the function and its own: the user's session is not written to.
prepared_call_here <- function(call, objects) {
  FUN <- call$FUN
  if (length(objects) && !is.primitive(FUN)) {
    environment(FUN) <- list2env(objects, parent = environment(FUN))
    objects <- list()
  }
  prepared_call(list(FUN = FUN, name = call$name, arguments = call$arguments, places = call$places,
                     spread = call$spread, quote = call$quote, objects = objects))
}

call_of_task <- function(prepared, slots, i) {
  call <- prepared$call
  own <- lapply(slots, function(slot) slot[[i]])
  if (prepared$quote) own <- lapply(own, quoted_argument)
  places <- prepared$places + 1L
  if (prepared$spread) {
    first <- slots[[1L]][[i]]
    if (prepared$quote) first <- lapply(first, quoted_argument)
    own <- own[-1L]
    for (k in seq_along(places)) call[places[[k]]] <- list(own[[k]])
    return(as.call(c(call[[1L]], first, as.list(call)[-1L])))
  }
  for (k in seq_along(places)) call[places[[k]]] <- list(own[[k]])
  call
}
