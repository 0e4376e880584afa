# SPDX-License-Identifier: Apache-2.0
# Data sources, and jobs in the database, on the real server that ERRAND_DATABASE names (tests/database/place-up).

query <- function(text, ...) RxSqlServerData(sqlQuery = text, connectionString = uri(), ...)

test_that("every type has its vector", {
  skip_without_database()
  frame <- rxImport(query(paste(
    "select true as b, 1::int2 as i2, 2 as i4, 3::int8 as i8, 1.5::float4 as f4, 2.5::float8 as f8, 0.1 as n,",
    "'\u00c4' as t, 'c'::char(4) as c, '\\x01'::bytea as raw, date '2013-01-02' as d,",
    "timestamp '2013-01-02 03:04:05.5' as ts, timestamptz '2013-01-02 03:04:05+01' as tz")))
  expect_identical(unname(vapply(frame, typeof, ""))[1:7],
                   c("logical", "integer", "integer", "double", "double", "double", "double"))
  expect_identical(list(frame$n, frame$t, frame$c, frame$raw), list(0.1, "\u00c4", "c", list(as.raw(1))))
  expect_equal(frame$d, as.Date("2013-01-02"))
  expect_equal(frame$ts, as.POSIXct("2013-01-02 03:04:05.5", tz = "UTC"))
  expect_equal(frame$tz, as.POSIXct("2013-01-02 02:04:05", tz = "UTC"))
})

test_that("missing values are NA", {
  skip_without_database()
  frame <- rxImport(query(paste(
    "select nullif(i, 2) as i, nullif(i = 1, false) as b, nullif(i::text, '2') as t, nullif(i, 2)::float8 as f,",
    "nullif(date '2020-01-01' + i, date '2020-01-03') as d from generate_series(1, 2) i")))
  expect_identical(unname(vapply(frame, function(column) is.na(column), c(NA, NA))),
                   matrix(c(FALSE, TRUE), 2L, 5L))
})

test_that("colInfo names, casts and counts levels", {
  skip_without_database()
  source <- query("select i, i::text as t, 'x' || i % 3 as f, i % 2 as k from generate_series(0, 5) i",
                  stringsAsFactors = TRUE, colClasses = c(i = "numeric", t = "character"),
                  colInfo = list(f = list(type = "ordered", newName = "g", levels = c("x2", "x0"),
                                          newLevels = c("two", "none"), description = "what"),
                                 k = list(type = "factorIndex", levels = c("even", "odd")),
                                 i = list(low = 0, high = 9)))
  frame <- rxImport(source)
  expect_type(frame$i, "double")
  expect_identical(frame$g, factor(c("none", NA, "two", "none", NA, "two"), c("two", "none"), ordered = TRUE))
  expect_identical(as.character(frame$k), rep(c("even", "odd"), 3))
  info <- rxGetVarInfo(source)
  expect_identical(info$g$levels, c("two", "none"))
  expect_identical(info$g$description, "what")
  expect_identical(info$i[c("low", "high", "varType")], list(low = 0, high = 9, varType = "numeric"))
  expect_output(print(info), "Var 1: i, Type: numeric, Storage: float64, Low/High: \\(0.0000, 9.0000\\)")
})

test_that("a step goes block by block", {
  skip_without_database()
  source <- query(paste("select i, i % 5 as helper, i * 2 as other, ('l' || i / 1000)::text as level",
                        "from generate_series(1, 2500) i order by i"),
                  rowsPerRead = 1000, colInfo = list(level = list(type = "factor")))
  frame <- rxDataStep(source, varsToKeep = c("i", "level"), transformVars = c("i", "helper"),
                      transformFunc = function(columns) {
                        columns$late <- columns$i > limit & columns$helper > 0
                        columns$chunk <- rep(.rxChunkNum, .rxNumRows)
                        columns
                      }, transformObjects = list(limit = 100), rowSelection = i != 7)
  expect_identical(names(frame), c("i", "level", "late", "chunk"))
  expect_identical(frame$i, setdiff(1:2500, 7L))
  expect_identical(as.integer(table(frame$chunk)), c(999L, 1000L, 500L))
  expect_identical(levels(frame$level), c("l0", "l1", "l2"))
  expect_identical(rxDataStep(source, startRow = 11, numRows = 2)$i, 11:12)
  expect_identical(head(source, 3)$i, 1:3)
  expect_warning(rxImport(source, maxRowsByCols = 40), "first 10 rows")
  expect_error(rxImport(source, transformFunc = function(columns) stop("mine")), "mine")
})

test_that("a result that is too large is cut", {
  skip_without_database()
  source <- query("select i from generate_series(1, 1000) i order by i", rowsPerRead = 100)
  blocks <- 0
  count <- function(columns) {
    blocks <<- blocks + 1
    columns
  }
  expect_warning(frame <- rxDataStep(source, transformFunc = count, transforms = list(twice = 2 * i),
                                     maxRowsByCols = 301), "first 150 rows")
  expect_identical(list(frame$twice, blocks), list(2 * 1:150, 2))
  expect_warning(frame <- rxDataStep(source, rowSelection = i > 550, maxRowsByCols = 10), "first 10 rows")
  expect_identical(frame, data.frame(i = 551:560))
  expect_warning(frame <- rxImport(source, rowSelection = i > 550, maxRowsByCols = 10), "first 10 rows")
  expect_identical(frame$i, 551:560)
})

test_that("a result that fits is not cut", {
  skip_without_database()
  source <- query("select i from generate_series(1, 1000) i order by i", rowsPerRead = 100)
  expect_no_warning({
    for (limit in list(1000, -1, NULL)) expect_identical(rxDataStep(source, maxRowsByCols = limit)$i, 1:1000)
    expect_identical(rxDataStep(source, rowSelection = i > 990, maxRowsByCols = 10)$i, 991:1000)
    expect_identical(rxDataStep(source, transformFunc = function(columns) {
      .rxSet("rows", .rxGet("rows") + .rxNumRows)
      columns
    }, transformObjects = list(rows = 0), returnTransformObjects = TRUE, maxRowsByCols = 1), list(rows = 1000))
    expect_named(rxDataStep(query("select 1 as a, 'x' as b where false")), c("a", "b"))
  })
  # Block by block as at once, whatever the types.
  every <- query(paste("select i, 'l' || i / 10 as l, 'o' || i / 10 as o, date '2020-01-01' + i as d,",
                       "timestamptz '2020-01-01' + i * interval '1 hour' as t,",
                       "case when i % 3 = 0 then '\\x01'::bytea end as b from generate_series(1, 50) i order by i"),
                 rowsPerRead = 7, colInfo = list(l = list(type = "factor"), o = list(type = "ordered")))
  expect_equal(rxDataStep(every), rxImport(every))
})

test_that("information and refusals", {
  skip_without_database()
  info <- rxGetInfo(query("select i, 'a' as t from generate_series(1, 10) i"), getVarInfo = TRUE, numRows = 3,
                    computeInfo = TRUE)
  expect_identical(c(info$numRows, info$numVars), c(10, 2))
  expect_identical(info$data$i, 1:3)
  expect_identical(c(info$varInfo$i$low, info$varInfo$i$high), c(1, 10))
  expect_error(rxImport(query("select nothing")), "nothing")
  expect_error(rxImport(query("select '1 s'::interval as gap")), "interval")
  expect_error(rxImport(RxSqlServerData("no.such", connectionString = uri())), "no.such")
})

test_that("in the database a source is read as its submitter", {
  skip_without_database()
  skip_in_a_closed_folder()
  source <- query("select i::float8 as x, current_user::text as who from generate_series(1, 1000) i")
  found <- with_launchpad(with_context(RxInSqlServer(connectionString = uri(), numTasks = 2), {
    rxExec(at_top_level(function(source) {
      frame <- rxImport(source)
      list(mean(frame$x), frame$who[[1L]])
    }), source = source)
  }))
  expect_identical(found[[1L]], list(500.5, "alice"))
})

test_that("packages, and a time limit, in the database", {
  skip_without_database()
  skip_in_a_closed_folder()
  context <- RxInSqlServer(connectionString = uri(), packagesToLoad = "splines", executionTimeoutSeconds = 5)
  nap <- at_top_level(function(seconds) {
    Sys.sleep(seconds)
    "package:splines" %in% search()
  })
  expect_warning(found <- with_launchpad(with_context(context, rxExec(nap, rxElemArg(c(0, 300))))), "limit")
  expect_true(found[[1L]])
  expect_identical(attr(found[[2L]], "rxTask")$cause, "time_limit")
})

# A log that tasks of every user may write.
new_log <- function() {
  folder <- tempfile("log-", "/tmp")
  dir.create(folder, mode = "0755")
  log <- file.path(folder, "log")
  file.create(log)
  Sys.chmod(log, "0666", use_umask = FALSE)
  log
}

test_that("numTasks is how many tasks run at once", {
  skip_without_database()
  skip_in_a_closed_folder()
  # Each ends when as many have begun as are to run at once, and stays a while yet: one too many would be seen.
  note <- at_top_level(function(i, log, wanted) {
    add <- function(sign) cat(sign, "\n", sep = "", file = log, append = TRUE)
    add("1")
    for (k in 1:3000) {
      if (sum(readLines(log) == "1") >= wanted) break
      Sys.sleep(0.01)
    }
    Sys.sleep(0.1)
    add("-1")
  })
  with_launchpad(for (wanted in 1:2) {
    log <- new_log()
    on.exit(unlink(dirname(log), recursive = TRUE), add = TRUE)
    with_context(RxInSqlServer(connectionString = uri(), numTasks = wanted),
                 rxExec(note, rxElemArg(1:4), log = log, wanted = wanted))
    expect_identical(max(cumsum(as.integer(readLines(log)))), wanted)
  })
})
