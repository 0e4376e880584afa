# SPDX-License-Identifier: Apache-2.0
# Data sources and the context in the database as values: what needs no server.

odbc <- "Driver={PostgreSQL Unicode};Server=db,5433;Database=air;UID=ada;PWD={hun;ter2}"

test_that("a password is in nothing that can be written", {
  for (value in list(RxSqlServerData(table = "flights", connectionString = odbc),
                     RxOdbcData(sqlQuery = "select 1", connectionString = odbc),
                     RxInSqlServer(connectionString = odbc),
                     RxInSqlServer(connectionString = "postgresql://ada@db:5433/air", password = "hunter2"))) {
    bytes <- serialize(value, NULL, ascii = TRUE)
    expect_false(grepl("ter2", rawToChar(bytes), fixed = TRUE))
    expect_false(any(grepl("ter2", capture.output(print(value)), fixed = TRUE)))
    expect_true(any(grepl("postgresql://ada@db:5433/air", capture.output(print(value)), fixed = TRUE)))
  }
})

test_that("the context has the original's arguments", {
  expect_identical(names(formals(RxInSqlServer))[1:13],
                   c("object", "connectionString", "numTasks", "autoCleanup", "consoleOutput",
                     "executionTimeoutSeconds", "wait", "packagesToLoad", "shareDir", "server", "databaseName", "user",
                     "password"))
  context <- RxInSqlServer(connectionString = odbc, numTasks = 4, executionTimeoutSeconds = 60, wait = FALSE)
  expect_identical(context@engine, "database")
  expect_identical(context@shareDir, "postgresql://ada@db:5433/air")
  expect_identical(c(context@cores, context@taskTimeLimit), c(4, 60))
  expect_false(context@wait)
  changed <- RxInSqlServer(context, numTasks = 2)
  expect_identical(c(changed@cores, changed@taskTimeLimit), c(2, 60))
  expect_identical(changed@shareDir, context@shareDir)
  for (name in c("RxInSqlServer", "sqlserver", "InDatabase")) {
    expect_identical(RxComputeContext(name, connectionString = odbc)@shareDir, context@shareDir)
  }
  expect_identical(InDatabase("postgresql://db/air", user = "bob")@shareDir, "postgresql://bob@db/air")
  expect_identical(RxInSqlServer(server = "h,7", databaseName = "d", user = "u", password = "p")@shareDir,
                   "postgresql://u@h:7/d")
  before <- rxSetComputeContext(context)
  expect_s4_class(rxGetComputeContext(), "RxInSqlServer")
  rxSetComputeContext(before)
})

test_that("a context as first argument of InDatabase is copied and modified", {
  context <- RxInSqlServer(connectionString = odbc, numTasks = 4)
  for (changed in list(InDatabase(context, wait = FALSE), InDatabase(object = context, wait = FALSE))) {
    expect_s4_class(changed, "RxInSqlServer")
    expect_identical(c(changed@shareDir, changed@cores), c(context@shareDir, context@cores))
    expect_false(changed@wait)
  }
  expect_true(context@wait)
  expect_identical(InDatabase(RxLocalParallel(wait = FALSE), server = "db")@shareDir, "postgresql://db/")
  expect_identical(InDatabase(context, connectionString = "postgresql://db/tea")@shareDir, "postgresql://db/tea")
})

test_that("a password that came by another way is not written or said either", {
  place <- RxLocalParallel(shareDir = "host=h dbname=d user=u password=hunter2 sslmode=require")@shareDir
  expect_identical(place, "postgresql://u@h/d?sslmode=require")
  refused <- tryCatch(RxComputeContext("Driver=PostgreSQL;PWD=hunter2"), error = conditionMessage)
  expect_match(refused, "no such compute context")
  expect_false(grepl("hunter2", refused, fixed = TRUE))
})

# A source and a context whose passwords went past their constructors.
by_hand <- function() {
  source <- RxSqlServerData(table = "flights")
  source@connectionString <- odbc
  context <- RxInSqlServer()
  context@shareDir <- odbc
  list(source = source, context = context)
}

test_that("a password that was put into a slot by hand is not shown, and not in a context in force", {
  values <- by_hand()
  for (value in values) {
    expect_output(print(value), "postgresql://ada@db:5433/air", fixed = TRUE)
    expect_false(any(grepl("ter2", capture.output(print(value)), fixed = TRUE)))
  }
  with_context(values$context, {
    for (copy in list(rxGetComputeContext(), RxLocalParallel(values$context), InDatabase(values$context))) {
      expect_identical(copy@shareDir, "postgresql://ada@db:5433/air")
    }
  })
  expect_identical(source_fields(values$source)$connection, "postgresql://ada@db:5433/air")
  expect_identical(context_fields(values$context)$shareDir, "postgresql://ada@db:5433/air")
})

test_that("a password that was put into a slot by hand is not among what tasks are given", {
  kept <- by_hand()$source
  found_in <- function(...) finished_results(rxExec(at_top_level(function(...) {
    vapply(c(list(kept), unlist(list(...))), function(one) one@connectionString, "")
  }), ..., execObjects = "kept"))
  with_context(background(), {
    for (found in list(found_in(kept), found_in(list(list(kept))), found_in(rxElemArg(list(kept))),
                       found_in(elemArgs = list(list(kept))), found_in(elemArgs = list(a = list(x = kept))))) {
      expect_identical(unname(found[[1L]]), rep("postgresql://ada@db:5433/air", 2L))
    }
  })
})

test_that("a pairlist is taken along as it is", {
  kept <- formals(function(a, b = 2) NULL)
  with_context(background(), {
    found <- finished_results(rxExec(at_top_level(function() names(kept)), execObjects = "kept"))
    expect_identical(found[[1L]], c("a", "b"))
  })
})

test_that("a password that was put into a slot by hand is not among what a loop takes along", {
  skip_if_not_installed("foreach")
  kept <- by_hand()$source
  registerDoErrand(background())
  on.exit(foreach::registerDoSEQ())
  `%dopar%` <- foreach::`%dopar%`
  found <- foreach::foreach(one = list(kept)) %dopar% c(one@connectionString, kept@connectionString)
  expect_identical(found[[1L]], rep("postgresql://ada@db:5433/air", 2L))
})

test_that("the option numTasks is how many tasks run at once", {
  expect_identical(RxInSqlServer(connectionString = odbc)@cores, 1)
  before <- rxOptions(numTasks = 3)
  on.exit(do.call(rxOptions, before))
  expect_identical(RxInSqlServer(connectionString = odbc)@cores, 3)
  expect_identical(RxInSqlServer(connectionString = odbc, numTasks = 2)@cores, 2)
  context <- RxInSqlServer(connectionString = odbc, numTasks = 5)
  expect_identical(RxInSqlServer(context, wait = FALSE)@cores, 5)
})

test_that("a context of another kind becomes one in the database", {
  local <- RxLocalParallel(wait = FALSE, shareDir = "/scratch/jobs")
  context <- RxInSqlServer(local)
  expect_identical(c(context@engine, context@shareDir), c("database", "postgresql:///"))
  expect_false(context@wait)
  expect_identical(RxInSqlServer(local, server = "db", user = "ada")@shareDir, "postgresql://ada@db/")
})

test_that("the options of a connection stay in the context, its password does not", {
  expect_identical(RxInSqlServer(connectionString = "Server=h;Database=d;UID=u;PWD=p;Encrypt=yes")@shareDir,
                   "postgresql://u@h/d?sslmode=verify-full")
})

test_that("what cannot be honoured is said", {
  expect_warning(RxInSqlServer(connectionString = odbc, shareDir = "C:\\AllShare\\ada"), "shareDir")
  expect_error(RxInSqlServer(connectionString = "Driver=SQL Server;Server=."), "SQL Server is not supported")
  expect_error(RxSqlServerData(table = "t", connectionString = "Server=a\\b;Database=x"), "instance")
  expect_error(RxSqlServerData(connectionString = odbc), "table or an sqlQuery")
  expect_error(RxSqlServerData(table = "t", colInfo = list(x = list(width = 3))), "width")
  expect_error(RxSqlServerData(table = "t", colClasses = c(x = "complex")), "cannot be of type complex")
  expect_error(rxImport("claims.xdf"), "data files")
  expect_error(rxImport(RxSqlServerData(table = "t"), "claims.xdf"), "outFile")
})

test_that("a step on a data frame follows the original's rules", {
  frame <- data.frame(a = 1:4, b = c(1, NA, 3, 4), f = factor(c("x", "y", "x", "y")))
  step <- rxDataStep(frame, transforms = list(c = a * twice), transformObjects = list(twice = 2),
                     rowSelection = c > 2, removeMissings = TRUE)
  expect_identical(step, data.frame(a = 3:4, b = c(3, 4), f = frame$f[3:4], c = c(6, 8)))
  expect_identical(rxImport(frame, varsToKeep = "a", numRows = 2), data.frame(a = 1:2))
  chosen <- expression(f == "x")
  expect_identical(rxDataStep(frame, rowSelection = chosen)$a, c(1L, 3L))
  counted <- rxDataStep(frame, transformFunc = function(columns) {
    .rxSet("total", .rxGet("total") + sum(columns$a))
    NULL
  }, transformObjects = list(total = 0), returnTransformObjects = TRUE)
  expect_identical(counted, list(total = 10))
  info <- rxGetInfo(frame, getVarInfo = TRUE, computeInfo = TRUE, numRows = 1)
  expect_identical(c(info$numRows, info$numVars), c(4L, 3L))
  expect_output(print(info), "Var 1: a, Type: integer, Storage: int32, Low/High: \\(1.0000, 4.0000\\)")
  expect_output(print(info), "2 factor levels: x y")
  expect_output(print(info), "1 rows starting with row 1")
  expect_output(print(rxGetInfo(frame, startRow = 3, numRows = 2)), "2 rows starting with row 3")
})
