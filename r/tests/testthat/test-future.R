# SPDX-License-Identifier: Apache-2.0
skip_if_not_installed("future")

in_plan <- function(code) with_context(waiting(), {
  before <- future::plan(errand::errand)
  on.exit(future::plan(before))
  force(code)
})

test_that("futures give what the expression gives", {
  in_plan({
    x <- 21
    expect_identical(future::value(future::future(2 * x)), 42)
    futures <- lapply(1:10, function(i) future::future(i^2))
    expect_identical(unlist(future::value(futures)), (1:10)^2)
    expect_equal(future::nbrOfWorkers(), 2)
    lazy <- future::future(x + 1, lazy = TRUE)
    expect_identical(future::value(lazy), 22)
    f <- function(n) if (n < 2) n else f(n - 1) + f(n - 2)
    expect_identical(future::value(future::future(f(10))), 55)
    `%<-%` <- future::`%<-%`
    y %<-% { x / 2 }
    expect_identical(y, 10.5)
  })
})

test_that("conditions and output are relayed as future relays them", {
  in_plan({
    expect_error(future::value(future::future(stop("oh"))), "oh")
    expect_warning(future::value(future::future(warning("careful"))), "careful")
    expect_message(future::value(future::future(message("note"))), "note")
    expect_output(future::value(future::future(cat("text"))), "text")
  })
})

test_that("seeds are future's own", {
  in_plan({
    set.seed(1)
    a <- future::value(future::future(runif(1), seed = TRUE))
    set.seed(1)
    expect_identical(future::value(future::future(runif(1), seed = TRUE)), a)
    expect_identical(with({ set.seed(1); future::plan(future::sequential) }, a), a)
  })
})

test_that("resolved() does not wait", {
  gate <- tempfile()
  in_plan({
    slow <- future::future({ while (!file.exists(gate)) Sys.sleep(0.02); "late" })
    expect_false(future::resolved(slow))
    file.create(gate)
    expect_true(eventually(function() future::resolved(slow)))
    expect_identical(future::value(slow), "late")
  })
})

test_that("a lost worker is a FutureError", {
  in_plan({
    lost <- future::future({ tools::pskill(Sys.getpid(), 9L); Sys.sleep(5) })
    expect_error(future::value(lost), class = "FutureError")
    expect_identical(future::value(future::future("still works")), "still works")
  })
})

test_that("future.apply is the same as lapply", {
  skip_if_not_installed("future.apply")
  in_plan({
    expect_identical(future.apply::future_lapply(1:20, sqrt), lapply(1:20, sqrt))
    a <- future.apply::future_sapply(1:5, function(i) runif(1), future.seed = 7)
    future::plan(future::sequential)
    expect_identical(future.apply::future_sapply(1:5, function(i) runif(1), future.seed = 7), a)
  })
})

test_that("a saved future is resolved in another session", {
  file <- tempfile(fileext = ".rds")
  in_plan({
    survivor <- future::future({ Sys.sleep(0.3); "from before" })
    saveRDS(survivor, file)
  })
  told <- in_other_session(c("library(future)", sprintf("print(value(readRDS(%s)))", deparse1(file))))
  expect_match(paste(told, collapse = "\n"), "from before")
})

test_that("a password that was put into a source's slot by hand is not among what a future takes along", {
  in_plan({
    source <- RxSqlServerData(table = "flights")
    source@connectionString <- "postgresql://ada:hunter2@db/air"
    expect_identical(future::value(future::future(source@connectionString)), "postgresql://ada@db/air")
  })
})
