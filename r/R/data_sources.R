# SPDX-License-Identifier: Apache-2.0

# Tables and queries of a database as values: they say what to read, and are read where they are used. The
# password is in no slot: it stays in the process that made the source.
setClass("RxDataSource", representation(
  "VIRTUAL",
  connectionString = "character", table = "character", sqlQuery = "character", stringsAsFactors = "logical",
  colClasses = "character", colInfo = "list", rowsPerRead = "numeric", original = "list"))
setClass("RxSqlServerData", contains = "RxDataSource")
setClass("RxOdbcData", contains = "RxDataSource")

RxSqlServerData <- function(table = NULL, sqlQuery = NULL, connectionString = NULL, rowBuffering = TRUE,
                            returnDataFrame = TRUE, stringsAsFactors = FALSE, colClasses = NULL, colInfo = NULL,
                            rowsPerRead = 50000, verbose = 0, useFastRead = TRUE, server = NULL,
                            databaseName = NULL, user = NULL, password = NULL, writeFactorsAsIndexes = FALSE) {
  new_source("RxSqlServerData", table, sqlQuery, stringsAsFactors, colClasses, colInfo, rowsPerRead,
             list(connectionString = connectionString, server = server, databaseName = databaseName, user = user,
                  password = password),
             list(rowBuffering = rowBuffering, returnDataFrame = returnDataFrame, verbose = verbose,
                  useFastRead = useFastRead, writeFactorsAsIndexes = writeFactorsAsIndexes))
}

RxOdbcData <- function(table = NULL, sqlQuery = NULL, dbmsName = NULL, databaseName = NULL, useFastRead = NULL,
                       trimSpace = NULL, connectionString = NULL, rowBuffering = TRUE, returnDataFrame = TRUE,
                       stringsAsFactors = FALSE, colClasses = NULL, colInfo = NULL, rowsPerRead = 500000,
                       verbose = 0, writeFactorsAsIndexes = FALSE, ...) {
  if (...length()) stop("RxOdbcData has no argument ", paste(names(list(...)), collapse = ", "))
  new_source("RxOdbcData", table, sqlQuery, stringsAsFactors, colClasses, colInfo, rowsPerRead,
             list(connectionString = connectionString, databaseName = databaseName),
             list(dbmsName = dbmsName, useFastRead = useFastRead, trimSpace = trimSpace, rowBuffering = rowBuffering,
                  returnDataFrame = returnDataFrame, verbose = verbose,
                  writeFactorsAsIndexes = writeFactorsAsIndexes))
}

new_source <- function(class, table, sqlQuery, stringsAsFactors, colClasses, colInfo, rowsPerRead, connection,
                       original) {
  if (is.null(table) == is.null(sqlQuery)) stop("a data source has a table or an sqlQuery, one of them", call. = FALSE)
  if (!is.numeric(rowsPerRead) || length(rowsPerRead) != 1L || is.na(rowsPerRead) || rowsPerRead < 1) {
    stop("rowsPerRead is a number of rows", call. = FALSE)
  }
  source <- new(class, connectionString = remembered_connection(connection), table = as.character(table),
                sqlQuery = as.character(sqlQuery), stringsAsFactors = isTRUE(stringsAsFactors),
                colClasses = column_classes(colClasses), colInfo = column_information(colInfo),
                rowsPerRead = as.numeric(rowsPerRead), original = original)
  column_requests(source)  # refuses what cannot be meant now, not in a task
  source
}

column_classes <- function(colClasses) {
  if (is.null(colClasses)) return(character())
  if (is.null(names(colClasses))) stop("colClasses is named by the columns", call. = FALSE)
  setNames(as.character(colClasses), names(colClasses))
}

column_information <- function(colInfo) {
  if (is.null(colInfo)) return(list())
  if (!is.list(colInfo) || is.null(names(colInfo))) stop("colInfo is a list named by the columns", call. = FALSE)
  known <- c("type", "newName", "description", "levels", "newLevels", "low", "high")
  for (name in names(colInfo)) {
    unknown <- setdiff(names(colInfo[[name]]), known)
    if (length(unknown)) {
      stop("the colInfo of ", name, " has ", unknown[[1L]], ", which nothing reads; there are ",
           paste(known, collapse = ", "), call. = FALSE)
    }
  }
  colInfo
}

# The originals' names of types, and the core's.
column_types <- c(
  logical = "boolean", bool = "boolean", integer = "int32", int16 = "int16", uint16 = "int32", int32 = "int32",
  float32 = "float32", numeric = "float64", float64 = "float64", double = "float64", character = "text",
  string = "text", raw = "bytes", date = "date", posixct = "timestamp_tz", factor = "factor", ordered = "factor",
  factorindex = "factor")

# What the core is asked for, column by column; colInfo wins over colClasses.
column_requests <- function(source) {
  names <- union(names(source@colClasses), names(source@colInfo))
  lapply(names, function(name) {
    info <- as.list(source@colInfo[[name]])
    type <- info$type
    if (is.null(type) && name %in% names(source@colClasses)) type <- source@colClasses[[name]]
    column_request(name, type, info)
  })
}

column_request <- function(name, type, info) {
  levels <- as.character(info$levels)
  new_levels <- as.character(info$newLevels)
  if (is.null(type) && length(levels)) type <- "factor"
  core_type <- if (is.null(type)) "" else unname(column_types[tolower(type)])
  if (is.na(core_type)) {
    stop("column ", name, " cannot be of type ", type, "; there are ", paste(names(column_types), collapse = ", "),
         call. = FALSE)
  }
  if (identical(tolower(type), "factorindex")) {
    # The column holds the levels' numbers, counted from 0.
    if (!length(new_levels)) new_levels <- levels
    levels <- as.character(seq_along(levels) - 1L)
  }
  list(name = name, newName = as.character(info$newName %||% ""), type = core_type, levels = levels,
       newLevels = new_levels)
}

`%||%` <- function(value, otherwise) if (is.null(value)) otherwise else value

# The source as the core takes it.
source_fields <- function(source, keep = NULL, drop = NULL, skip = 0, most = -1) {
  if (length(keep) && length(drop)) stop("varsToKeep and varsToDrop cannot be used together", call. = FALSE)
  requests <- column_requests(source)
  wanted <- vapply(requests, function(one) {
    (!length(keep) || one$name %in% keep) && !(one$name %in% drop)
  }, NA)
  list(connection = connection_without_password(source@connectionString), table = paste(source@table, collapse = ""),
       query = paste(source@sqlQuery, collapse = ""), keep = as.character(keep), drop = as.character(drop), columns = requests[wanted],
       textAsFactors = source@stringsAsFactors, skip = as.numeric(skip), most = as.numeric(most))
}

# A copy with what is not NULL put in place.
changed_source <- function(source, stringsAsFactors = NULL, colClasses = NULL, colInfo = NULL, rowsPerRead = NULL) {
  if (!is.null(stringsAsFactors)) source@stringsAsFactors <- isTRUE(stringsAsFactors)
  classes <- column_classes(colClasses)
  source@colClasses[names(classes)] <- classes
  information <- column_information(colInfo)
  source@colInfo[names(information)] <- information
  if (!is.null(rowsPerRead)) source@rowsPerRead <- as.numeric(rowsPerRead)
  column_requests(source)
  source
}

is_data_source <- function(object) is(object, "RxDataSource")

setMethod("show", "RxDataSource", function(object) {
  object <- without_password(object)
  cat(class(object)[[1L]], " data source\n", sep = "")
  lines <- c(table = object@table, sqlQuery = object@sqlQuery,
             connection = if (nzchar(object@connectionString)) object@connectionString else "libpq's defaults",
             rowsPerRead = format(object@rowsPerRead, scientific = FALSE))
  cat(paste0("  ", format(names(lines)), "  ", lines, "\n"), sep = "")
  invisible(object)
})

head.RxDataSource <- function(x, n = 6L, reportProgress = 0L, ...) rxDataStep(x, numRows = n, maxRowsByCols = NULL)
