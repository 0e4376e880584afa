# SPDX-License-Identifier: Apache-2.0

rxElemArg <- function(x) {
  if (missing(x)) stop("rxElemArg needs the vector or list whose elements go to one task each")
  structure(list(values = x), class = "rxElemArg")
}

is_fanned <- function(argument) inherits(argument, "rxElemArg")

# A vector whose elements the core can take one by one: atomic without class, or a list.
elementwise <- function(x) {
  if (is.list(x) && !is.object(x)) return(x)
  if (is.atomic(x) && !is.null(x) && !is.object(x)) return(x)
  if (is.null(x)) return(list())
  as.list(x)
}

# elemArgs in all its shapes -> list(values =, spread =, names =, constant =): the values that fan out,
# whether each is a list of arguments, the names that the results take; of length one: arguments for all.
element_arguments <- function(elemArgs) {
  values <- elementwise(elemArgs)
  names <- names(values)
  spread <- is.list(values) && length(values) > 0L && any(vapply(values, is_argument_list, NA))
  if (spread) {
    values <- lapply(values, function(one) if (is_argument_list(one)) one else list(one))
  }
  values <- unname(values)
  if (!is.null(names)) names <- result_names(names)
  list(values = values, spread = spread, names = names)
}

is_argument_list <- function(x) is.list(x) && !is.object(x)

result_names <- function(names) {
  blank <- is.na(names) | !nzchar(names)
  names[blank] <- paste0("rxElem", seq_along(names))[blank]
  names
}

# How many tasks there are, from everything that says so.
count_tasks <- function(lengths, timesToRun, context) {
  if (length(timesToRun) != 1L || is.na(timesToRun) || !is.numeric(timesToRun)) {
    stop("timesToRun is one number: how often FUN is run, or -1", call. = FALSE)
  }
  if (timesToRun != -1 && timesToRun < 1) {
    stop("timesToRun is ", timesToRun, "; it has to be 1 or more, or -1 for the number that follows from the ",
         "arguments", call. = FALSE)
  }
  if (length(unique(lengths)) > 1L) {
    stop("the arguments that differ from task to task are of different lengths: ",
         paste0(names(lengths), " ", lengths, collapse = ", "), call. = FALSE)
  }
  if (length(lengths) && timesToRun != -1 && timesToRun != lengths[[1L]]) {
    stop("timesToRun is ", timesToRun, ", but ", names(lengths)[[1L]], " has ", lengths[[1L]], " elements",
         call. = FALSE)
  }
  if (length(lengths)) return(lengths[[1L]])
  if (timesToRun != -1) return(timesToRun)
  default_times(context)
}

default_times <- function(context) {
  if (is(context, "RxDistributedHpa")) return(node_count(context))
  cores <- chosen_cores()
  if (!is(context, "RxLocalParallel") || is.null(cores)) return(1)
  if (cores < 1) machine_cores() else min(cores, machine_cores())
}

machine_cores <- function() {
  cores <- parallel::detectCores()
  if (is.na(cores)) 1 else cores
}
