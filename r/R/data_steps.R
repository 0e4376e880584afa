# SPDX-License-Identifier: Apache-2.0

# Data sources read into data frames, in the process that asks: a task's, or the client's.
rxImport <- function(inData, outFile = NULL, varsToKeep = NULL, varsToDrop = NULL, rowSelection = NULL,
                     transforms = NULL, transformObjects = NULL, transformFunc = NULL, transformVars = NULL,
                     transformPackages = NULL, transformEnvir = NULL, append = "none", overwrite = FALSE,
                     numRows = -1, stringsAsFactors = NULL, colClasses = NULL, colInfo = NULL, rowsPerRead = NULL,
                     type = "auto", maxRowsByCols = NULL, reportProgress = 0, verbose = 0,
                     xdfCompressionLevel = 1, createCompositeSet = NULL, blocksPerCompositeFile = 3, ...) {
  refuse_output(outFile, "rxImport", ...)
  if (is_data_source(inData)) {
    inData <- changed_source(inData, stringsAsFactors, colClasses, colInfo, rowsPerRead)
  }
  step <- new_step(varsToKeep, varsToDrop, selection_of(substitute(rowSelection), rowSelection),
                   transforms_of(substitute(transforms), transforms), transformObjects, transformFunc,
                   transformVars, transformPackages, transformEnvir, parent.frame(), reportProgress)
  run_step(step, inData, 0, numRows, maxRowsByCols)
}

rxDataStep <- function(inData = NULL, outFile = NULL, varsToKeep = NULL, varsToDrop = NULL, rowSelection = NULL,
                       transforms = NULL, transformObjects = NULL, transformFunc = NULL, transformVars = NULL,
                       transformPackages = NULL, transformEnvir = NULL, append = "none", overwrite = FALSE,
                       rowVarName = NULL, removeMissingsOnRead = FALSE, removeMissings = FALSE,
                       computeLowHigh = TRUE, maxRowsByCols = 3000000, rowsPerRead = -1, startRow = 1,
                       numRows = -1, returnTransformObjects = FALSE, blocksPerRead = 1, reportProgress = 0,
                       xdfCompressionLevel = 1, ...) {
  refuse_output(outFile, "rxDataStep", ...)
  if (is_data_source(inData)) {
    inData <- changed_source(inData, rowsPerRead = if (rowsPerRead > 0) rowsPerRead)
  }
  step <- new_step(varsToKeep, varsToDrop, selection_of(substitute(rowSelection), rowSelection),
                   transforms_of(substitute(transforms), transforms), transformObjects, transformFunc,
                   transformVars, transformPackages, transformEnvir, parent.frame(), reportProgress)
  step$complete_before <- isTRUE(removeMissingsOnRead)
  step$complete_after <- isTRUE(removeMissings)
  frame <- run_step(step, inData, max(0, startRow - 1), numRows, if (!returnTransformObjects) maxRowsByCols)
  if (returnTransformObjects) {
    return(if (length(transformObjects)) mget(names(transformObjects), envir = step$scope) else NULL)
  }
  if (!is.null(rowVarName) && rowVarName %in% names(frame)) {
    row.names(frame) <- frame[[rowVarName]]
    frame[[rowVarName]] <- NULL
  }
  frame
}

refuse_output <- function(outFile, what, ...) {
  if (!is.null(outFile)) {
    stop("outFile was given, and there is nothing that writes a data source or an .xdf file; take the data frame ",
         "that is returned", call. = FALSE)
  }
  if (...length()) stop(what, " has no argument ", paste(names(list(...)), collapse = ", "), call. = FALSE)
}

# What was written for an argument that is an expression of the columns, or a variable that holds one.
selection_of <- function(written, value) {
  if (is.null(written)) return(NULL)
  held <- if (is.symbol(written) || (is.call(written) && identical(written[[1L]], quote(expression)))) {
    tryCatch(value, error = function(e) NULL)
  }
  if (is.expression(held)) return(held[[1L]])
  if (is.call(held)) return(held)
  if (is.character(written)) as.name(written) else written
}

transforms_of <- function(written, value) {
  made <- selection_of(written, value)
  if (is.null(made)) return(NULL)
  if (!is.call(made) || !identical(made[[1L]], quote(list)) || is.null(names(made))) {
    stop("transforms is of the form list(name = expression, ...)", call. = FALSE)
  }
  as.list(made)[-1L]
}

new_step <- function(keep, drop, selection, transforms, objects, func, vars, packages, envir, caller, report) {
  for (package in packages) library(package, character.only = TRUE)
  step <- new.env(parent = emptyenv())
  step$keep <- as.character(keep)
  step$drop <- as.character(drop)
  # Columns for the function only.
  step$helpers <- if (length(keep)) setdiff(as.character(vars), keep) else character()
  step$vars <- as.character(vars)
  step$selection <- selection
  step$transforms <- transforms
  step$report <- isTRUE(report > 0)
  step$chunk <- 0L
  step$rows <- 0
  step$scope <- transform_scope(objects, if (is.null(envir)) caller else envir, func)
  if (!is.null(func)) {
    step$func <- match.fun(func)
    environment(step$func) <- step$scope
  }
  step$complete_before <- FALSE
  step$complete_after <- FALSE
  step
}

# Where transforms and the function look names up: the original's own, the transform objects, then where the
# function was made, or the caller.
transform_scope <- function(objects, parent, func) {
  if (is.function(func) && !is.null(environment(func))) parent <- environment(func)
  scope <- new.env(parent = parent)
  for (name in names(objects)) assign(name, objects[[name]], envir = scope)
  scope$.rxGet <- function(objName) get(objName, envir = scope)
  scope$.rxSet <- function(objName, objValue) assign(objName, objValue, envir = scope)
  scope$.rxModify <- function(objName, ..., FUN = `+`) {
    assign(objName, FUN(get(objName, envir = scope), ...), envir = scope)
  }
  scope$.rxIsTestChunk <- FALSE
  scope
}

run_step <- function(step, data, skip, most, most_values) {
  if (is.data.frame(data)) return(run_step_on_frame(step, data, skip, most))
  if (!is_data_source(data)) {
    stop("data is neither a data source (RxSqlServerData, RxOdbcData) nor a data frame; there are no data files",
         call. = FALSE)
  }
  keep <- if (length(step$keep)) c(step$keep, step$helpers)
  fields <- source_fields(data, keep, step$drop, skip, most)
  if (is.null(step$func) && is.null(step$transforms) && !step$report && is.null(most_values)) {
    return(frame_of(apply_step(step, ordered_factors(data, checked(.Call(errand_read_data, fields, 0, NULL))))))
  }
  run_step_by_blocks(step, data, fields, most_values)
}

run_step_by_blocks <- function(step, data, fields, most_values) {
  blocks <- list()
  rows <- 0
  take <- function(columns) {
    block <- apply_step(step, ordered_factors(data, columns))
    if (is.null(block)) return()
    blocks[[length(blocks) + 1L]] <<- frame_of(block)
    rows <<- rows + row_count(block)
    if (rows > rows_that_fit(block, most_values)) signalCondition(enough_rows)
  }
  tryCatch(checked(.Call(errand_read_data, fields, data@rowsPerRead, take)), enough_rows = function(condition) NULL)
  cut_frame(if (length(blocks) == 1L) blocks[[1L]] else if (length(blocks)) do.call(rbind, blocks) else data.frame(),
            most_values)
}

# Ends the reading: there are more rows already than the result may have.
enough_rows <- structure(class = c("enough_rows", "condition"), list(message = "", call = NULL))

run_step_on_frame <- function(step, frame, skip, most) {
  rows <- seq_len(nrow(frame))
  rows <- rows[rows > skip & (most < 0 | rows <= skip + most)]
  columns <- names(frame)
  if (length(step$keep)) columns <- intersect(columns, c(step$keep, step$helpers))
  frame <- frame[rows, setdiff(columns, step$drop), drop = FALSE]
  step_rows <- apply_step(step, as.list(frame))
  if (is.null(step_rows)) data.frame() else frame_of(step_rows)
}

# Without a limit, or with a negative one, any number.
rows_that_fit <- function(columns, most_values) {
  if (is.null(most_values) || most_values < 0) Inf else max(1, most_values %/% max(1, length(columns)))
}

# The first rows of a frame with more values than that, and a warning.
cut_frame <- function(frame, most_values) {
  limit <- rows_that_fit(frame, most_values)
  if (row_count(frame) <= limit) return(frame)
  warning(sprintf("more than %.0f values: the result has only the first %.0f rows", most_values, limit), call. = FALSE)
  frame_of(chosen_rows(frame, seq_len(limit)))
}

# The original's order: transforms, the function, the selection of rows.
apply_step <- function(step, columns) {
  step$chunk <- step$chunk + 1L
  step$scope$.rxChunkNum <- step$chunk
  step$scope$.rxStartRow <- step$rows + 1
  step$scope$.rxNumRows <- row_count(columns)
  step$rows <- step$rows + row_count(columns)
  if (step$complete_before) columns <- complete_rows(columns)
  for (name in names(step$transforms)) columns[[name]] <- eval(step$transforms[[name]], columns, step$scope)
  columns <- with_function(step, columns)
  if (is.null(columns)) return(NULL)
  if (!is.null(step$selection)) {
    chosen <- eval(step$selection, columns, step$scope)
    if (!is.logical(chosen)) stop("rowSelection is not logical", call. = FALSE)
    columns <- chosen_rows(columns, which(chosen))
  }
  if (step$report) cat(sprintf("Rows read: %.0f\n", step$rows))
  if (step$complete_after) complete_rows(columns) else columns
}

with_function <- function(step, columns) {
  if (is.null(step$func)) return(columns)
  made <- step$func(if (length(step$vars)) columns[step$vars] else columns)
  if (is.null(made)) return(NULL)
  if (length(step$vars)) {
    columns[names(made)] <- as.list(made)
    made <- columns
  }
  made <- as.list(made)
  made[setdiff(names(made), step$helpers)]
}

row_count <- function(columns) if (length(columns)) length(columns[[1L]]) else 0L

chosen_rows <- function(columns, rows) lapply(columns, function(column) column[rows])

complete_rows <- function(columns) {
  chosen_rows(columns, which(Reduce(`&`, lapply(columns, function(column) !is.na(column)), TRUE)))
}

ordered_factors <- function(source, columns) {
  for (name in names(source@colInfo)) {
    info <- source@colInfo[[name]]
    new_name <- info$newName %||% name
    if (identical(tolower(info$type %||% ""), "ordered") && is.factor(columns[[new_name]])) {
      class(columns[[new_name]]) <- c("ordered", "factor")
    }
  }
  columns
}

# Without data.frame()'s copies and its changes of names.
frame_of <- function(columns) {
  structure(as.list(columns), class = "data.frame", row.names = .set_row_names(row_count(columns)))
}
