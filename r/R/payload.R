# SPDX-License-Identifier: Apache-2.0

# What rxExec() was asked to do, checked: the function, its arguments in the order of the call, which of
# them fan out, and for how many tasks.
new_call <- function(FUN, name, arguments, elemArgs, timesToRun, context, quote = FALSE) {
  fanned <- vapply(arguments, is_fanned, NA)
  slots <- lapply(arguments[fanned], function(one) elementwise(one$values))
  names(slots) <- argument_labels(arguments)[fanned]
  own <- NULL
  if (!is.null(elemArgs)) own <- element_arguments(elemArgs$values)
  everyone <- !is.null(own) && length(own$values) == 1L
  lengths <- lengths(slots)
  if (!is.null(own) && !everyone) lengths <- c(elemArgs = length(own$values), lengths)
  n <- count_tasks(lengths, timesToRun, context)
  arguments[fanned] <- list(NULL)
  call <- list(FUN = FUN, name = name, arguments = arguments, slots = unname(slots), places = which(fanned),
               spread = FALSE, names = NULL, tasks = n, quote = isTRUE(quote))
  if (!length(lengths) && timesToRun == -1 && length(chosen_nodes(context))) {
    call$names <- rxMakeRNodeNames(chosen_nodes(context))
  }
  if (is.null(own)) return(call)
  if (everyone) with_arguments_for_all(call, own) else with_own_arguments(call, own)
}

argument_labels <- function(arguments) {
  labels <- if (is.null(names(arguments))) rep("", length(arguments)) else names(arguments)
  blank <- !nzchar(labels)
  labels[blank] <- paste0("argument ", seq_along(labels))[blank]
  labels
}

with_arguments_for_all <- function(call, own) {
  first <- if (own$spread) own$values[[1L]] else list(own$values[[1L]])
  call$arguments <- c(first, call$arguments)
  call$places <- call$places + length(first)
  if (call$tasks == 1) call$names <- own$names
  call
}

# Values that are no lists take a place of their own in the call; lists are spread before the others.
with_own_arguments <- function(call, own) {
  call$names <- own$names
  call$slots <- c(list(own$values), call$slots)
  if (own$spread) {
    call$spread <- TRUE
  } else {
    call$arguments <- c(list(NULL), call$arguments)
    call$places <- c(1L, call$places + 1L)
  }
  call
}

# What a worker is sent; see worker_prepare().
payload_of <- function(call, objects, packages) {
  list(FUN = without_source(call$FUN), name = call$name, arguments = call$arguments, places = call$places,
       spread = call$spread, quote = call$quote, objects = objects, packages = as.character(packages),
       libraries = .libPaths(), warn = getOption("warn"), names = call$names)
}

without_source <- function(FUN) {
  if (is.primitive(FUN) || is.null(attr(FUN, "srcref"))) FUN else utils::removeSource(FUN)
}

# execObjects: names looked up from where rxExec() was called, or an environment.
exec_objects <- function(execObjects, from) {
  if (is.null(execObjects)) return(list())
  if (is.environment(execObjects)) return(as.list(execObjects, all.names = TRUE))
  if (!is.character(execObjects)) stop("execObjects is a character vector of names, or an environment")
  found <- vapply(execObjects, exists, NA, envir = from)
  if (!all(found)) {
    stop("execObjects names what cannot be found: ", paste(execObjects[!found], collapse = ", "))
  }
  mget(execObjects, envir = from, inherits = TRUE)
}

function_name <- function(expression) {
  if (is.symbol(expression)) return(as.character(expression))
  if (is.character(expression) && length(expression) == 1L) return(expression)
  if (is.call(expression) && as.character(expression[[1L]])[[1L]] %in% c("::", ":::")) {
    return(as.character(expression[[3L]]))
  }
  "FUN"
}

# A function drags the environment along that it was made in. Where that is large the user should know.
warn_of_baggage <- function(FUN) {
  where <- environment(FUN)
  if (is.null(where) || identical(where, globalenv()) || isNamespace(where)) return(invisible())
  size <- .Call(errand_serialized_size, FUN)
  if (size < getOption("errand.warnSize", 10e6)) return(invisible())
  largest <- largest_objects(where)
  warning(sprintf(
    "the function takes %s along to every worker, because of the environment it was made in; the largest there: %s. %s",
    readable_size(size), largest,
    "Make the function at top level, or give it only what it needs (option errand.warnSize is the limit)."),
    call. = FALSE)
}

largest_objects <- function(where) {
  sizes <- numeric()
  while (!identical(where, globalenv()) && !identical(where, emptyenv()) && !isNamespace(where)) {
    for (name in ls(where, all.names = TRUE)) {
      size <- tryCatch(as.numeric(object.size(get(name, envir = where))), error = function(e) 0)
      sizes[[name]] <- max(size, if (is.na(sizes[name])) 0 else sizes[[name]])
    }
    where <- parent.env(where)
  }
  sizes <- head(sort(sizes, decreasing = TRUE), 3L)
  paste0(names(sizes), " (", vapply(sizes, readable_size, ""), ")", collapse = ", ")
}
