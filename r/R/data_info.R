# SPDX-License-Identifier: Apache-2.0

# What a data source holds: its variables, their types, how many rows.
rxGetVarInfo <- function(data, getValueLabels = TRUE, varsToKeep = NULL, varsToDrop = NULL, computeInfo = FALSE,
                         allNodes = TRUE) {
  info <- if (is_data_source(data)) variables_of_source(data, varsToKeep, varsToDrop)
          else variables_of_frame(data, varsToKeep, varsToDrop)
  if (computeInfo) {
    frame <- if (is_data_source(data)) rxImport(data, varsToKeep = varsToKeep, varsToDrop = varsToDrop) else data
    info[] <- Map(computed_information, info, frame[names(info)])
  }
  if (!isTRUE(getValueLabels)) info[] <- lapply(info, function(one) one[names(one) != "levels"])
  structure(info, class = "rxVariableInfo")
}

rxGetInfo <- function(data, getVarInfo = FALSE, getBlockSizes = FALSE, getValueLabels = NULL, varsToKeep = NULL,
                      varsToDrop = NULL, startRow = 1, numRows = 0, computeInfo = FALSE, allNodes = TRUE,
                      verbose = 0) {
  variables <- rxGetVarInfo(data, !isFALSE(getValueLabels), varsToKeep, varsToDrop, computeInfo)
  rows <- if (is_data_source(data)) checked(.Call(errand_count_rows, source_fields(data))) else nrow(data)
  info <- list(objName = deparse1(substitute(data)), class = class(data)[[1L]], numRows = rows,
               numVars = length(variables))
  if (getVarInfo) info$varInfo <- variables
  if (numRows > 0) {
    info$startRow <- max(1, startRow)
    info$data <- rxDataStep(data, varsToKeep = varsToKeep, varsToDrop = varsToDrop, startRow = startRow,
                            numRows = numRows, maxRowsByCols = NULL)
  }
  structure(info, class = "rxDataInfo")
}

# The core's types in the original's words.
variable_words <- list(
  boolean = c("logical", "uchar"), int16 = c("integer", "int16"), int32 = c("integer", "int32"),
  int64 = c("numeric", "float64"), float32 = c("numeric", "float32"), float64 = c("numeric", "float64"),
  text = c("character", "string"), bytes = c("raw", "string"), date = c("Date", "float64"),
  timestamp = c("POSIXct", "float64"), timestamp_tz = c("POSIXct", "float64"), factor = c("factor", "uint32"))

variables_of_source <- function(source, keep, drop) {
  columns <- checked(.Call(errand_describe_data, source_fields(source, keep, drop)))
  info <- lapply(seq_along(columns$name), function(i) {
    asked <- as.list(source@colInfo[[columns$source[[i]]]])
    words <- variable_words[[columns$type[[i]]]]
    one <- list(varType = words[[1L]], storage = words[[2L]], sqlType = columns$sqlType[[i]])
    one[c("description", "low", "high")] <- asked[c("description", "low", "high")]
    levels <- asked$newLevels %||% asked$levels
    if (columns$type[[i]] == "factor" && length(levels)) one$levels <- as.character(levels)
    one[!vapply(one, is.null, NA)]
  })
  setNames(info, columns$name)
}

variables_of_frame <- function(frame, keep, drop) {
  if (!is.data.frame(frame)) stop("data is neither a data source nor a data frame", call. = FALSE)
  names <- setdiff(if (length(keep)) intersect(names(frame), keep) else names(frame), drop)
  lapply(frame[names], function(column) {
    if (is.factor(column)) return(list(varType = "factor", storage = "uint32", levels = levels(column)))
    kind <- if (inherits(column, "Date")) "date" else if (inherits(column, "POSIXct")) "timestamp"
            else switch(typeof(column), logical = "boolean", integer = "int32", double = "float64", "text")
    as.list(setNames(variable_words[[kind]], c("varType", "storage")))
  })
}

computed_information <- function(info, column) {
  if (is.factor(column)) {
    info$levels <- levels(column)
  } else if (info$varType %in% c("logical", "integer", "numeric") && any(!is.na(column))) {
    info$low <- as.numeric(min(column, na.rm = TRUE))
    info$high <- as.numeric(max(column, na.rm = TRUE))
  }
  info
}

print.rxVariableInfo <- function(x, ...) {
  for (i in seq_along(x)) {
    one <- x[[i]]
    described <- if (is.null(one$description)) "" else paste0(", ", one$description)
    if (one$varType == "factor") {
      cat(sprintf("Var %d: %s%s\n       %d factor levels: %s\n", i, names(x)[[i]], described, length(one$levels),
                  paste(one$levels, collapse = " ")))
    } else {
      range <- if (is.null(one$low) || is.null(one$high)) "" else sprintf(", Low/High: (%.4f, %.4f)", one$low, one$high)
      cat(sprintf("Var %d: %s%s, Type: %s, Storage: %s%s\n", i, names(x)[[i]], described, one$varType, one$storage, range))
    }
  }
  invisible(x)
}

print.rxDataInfo <- function(x, ...) {
  cat(sprintf("Data: %s (%s)\nNumber of observations: %.0f\nNumber of variables: %d\n", x$objName, x$class, x$numRows,
              x$numVars))
  if (!is.null(x$varInfo)) {
    cat("Variable information:\n")
    print(x$varInfo)
  }
  if (!is.null(x$data)) {
    cat(sprintf("Data (%d rows starting with row %.0f):\n", nrow(x$data), x$startRow))
    print(x$data)
  }
  invisible(x)
}
