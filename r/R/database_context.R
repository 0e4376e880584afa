# SPDX-License-Identifier: Apache-2.0

# The context in a database: jobs kept in PostgreSQL, run on its host, next to the data. The place is a URI
# without a password, which stays in this process.
setClass("RxInSqlServer", contains = "RxComputeContext")

RxInSqlServer <- function(object, connectionString = "", numTasks = rxGetOption("numTasks"), autoCleanup = TRUE,
                          consoleOutput = FALSE, executionTimeoutSeconds = 0, wait = TRUE, packagesToLoad = NULL,
                          shareDir = NULL, server = NULL, databaseName = NULL, user = NULL, password = NULL, ...) {
  generate_database(object, given_settings(...))
}

InDatabase <- function(connectionString = "", ...) {
  # An object as first argument is copied and modified, as by every generator.
  if (is_context(connectionString)) return(RxInSqlServer(connectionString, ...))
  RxInSqlServer(connectionString = connectionString, ...)
}

generate_database <- function(object, settings) {
  fields <- checked(.Call(errand_named_context, "localpar"))
  fields$engine <- "database"
  context <- context_of_fields(fields, "InDatabase", "RxInSqlServer")
  if (!missing(object)) {
    context <- copied(object, context)
  } else if (!"numTasks" %in% names(settings)) {
    settings$numTasks <- rxGetOption("numTasks")
  }
  # Without a connection there would be no database: libpq's default is one.
  if (missing(object) || !is(object, "RxInSqlServer")) {
    if (!any(connection_settings %in% names(settings))) settings$connectionString <- ""
  }
  modified(context, settings)
}

connection_settings <- c("connectionString", "server", "databaseName", "user", "password")

with_database_settings <- function(context, settings) {
  if (any(connection_settings %in% names(settings))) {
    if (is.null(settings$connectionString) || !nzchar(settings$connectionString)) {
      before <- context@shareDir
      settings$connectionString <- if (grepl("^postgres", before)) before else "postgresql://"
    }
    uri <- remembered_connection(settings)
    fields <- checked(.Call(errand_in_database, uri, context_fields(context)))
    context@shareDir <- fields$shareDir
  }
  if (!is.null(settings$shareDir)) {
    say_once("RxInSqlServer", "shareDir (jobs are kept in the database itself)", "the database")
  }
  context
}

# The settings that every context has, by their names there.
in_context_words <- function(settings) {
  settings <- settings[!(names(settings) %in% c(connection_settings, "shareDir"))]
  if (is.null(settings$packagesToLoad)) settings$packagesToLoad <- NULL
  words <- c(numTasks = "cores", executionTimeoutSeconds = "taskTimeLimit")
  known <- names(settings) %in% names(words)
  names(settings)[known] <- words[names(settings)[known]]
  settings
}

remembered_connection <- function(settings) {
  parts <- vapply(connection_settings, function(name) {
    value <- settings[[name]]
    if (is.null(value)) return("")
    if (!is.character(value) || length(value) != 1L || is.na(value)) stop(name, " is one string", call. = FALSE)
    value
  }, "")
  if (!any(nzchar(parts))) return("")
  checked(.Call(errand_remember_connection, unname(parts)))
}
