# SPDX-License-Identifier: Apache-2.0

# The options of the original that mean something here have an effect; the others are kept, so that a
# script that sets and reads them goes on as it did.
default_options <- function() {
  list(reportProgress = 2, numCoresToUse = 4L, numDigits = getOption("digits"), traceLevel = 0,
       blocksPerRead = 1, rowDisplayMax = -1, dataPath = ".", outDataPath = ".",
       transformPackages = c("RevoScaleR", "utils", "stats", "methods"), numTasks = 1L,
       fileSystem = "native", unixRPath = file.path(R.home("bin"), "R"))
}

rxOptions <- function(initialize = FALSE, ...) {
  if (is.null(session$options) || isTRUE(initialize)) {
    session$options <- default_options()
    session$set_options <- character()
  }
  given <- list(...)
  if (!length(given)) return(invisible(all_options()))
  if (is.null(names(given)) || !all(nzchar(names(given)))) stop("options have to be named")
  before <- all_options()[names(given)]
  if ("computeContext" %in% names(given)) {
    rxSetComputeContext(given$computeContext)
    given$computeContext <- NULL
  }
  session$options[names(given)] <- given
  session$set_options <- union(session$set_options, names(given))
  invisible(setNames(before, names(before)))
}

all_options <- function() c(session$options, list(computeContext = rxGetComputeContext()))

rxGetOption <- function(option, default = NULL) {
  if (is.null(session$options)) rxOptions(initialize = TRUE)
  value <- all_options()[[option]]
  if (is.null(value)) default else value
}

# The cores that the user asked for by rxOptions(numCoresToUse =), or NULL.
chosen_cores <- function() {
  if (!"numCoresToUse" %in% session$set_options) return(NULL)
  cores <- session$options$numCoresToUse
  if (is.null(cores)) NULL else as.numeric(cores)
}
