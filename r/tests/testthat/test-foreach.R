# SPDX-License-Identifier: Apache-2.0
skip_if_not_installed("foreach")
library(foreach)

in_backend <- function(code, ...) with_context(waiting(), {
  registerDoErrand(...)
  on.exit(registerDoSEQ())
  force(code)
})

test_that("the backend says who it is", {
  in_backend({
    expect_identical(getDoParName(), "doErrand")
    expect_identical(getDoParWorkers(), 2)
    expect_true(getDoParRegistered())
  })
})

test_that("%dopar% gives what %do% gives", {
  offset <- 100
  twice <- function(x) helper(x) + offset
  helper <- function(x) 2 * x
  in_backend({
    expect_identical(foreach(i = 1:7) %dopar% (i^2), foreach(i = 1:7) %do% (i^2))
    expect_identical(foreach(i = 1:7, .combine = c) %dopar% (i + offset), 1:7 + offset)
    expect_identical(foreach(i = 1:3, .combine = rbind) %dopar% c(i, 2), foreach(i = 1:3, .combine = rbind) %do% c(i, 2))
    expect_identical(foreach(i = 1:4, .combine = "+", .init = 5) %dopar% i, 15)
    expect_identical(foreach(i = 1:4, .combine = list, .multicombine = TRUE, .maxcombine = 2) %dopar% i,
                     foreach(i = 1:4, .combine = list, .multicombine = TRUE, .maxcombine = 2) %do% i)
    expect_identical(foreach(i = 1:3, .final = rev) %dopar% i, list(3L, 2L, 1L))
    expect_identical(foreach(i = 1:2, j = c("a", "b"), .combine = c) %dopar% paste(i, j), c("1 a", "2 b"))
    expect_identical(foreach(i = 1:3, .combine = c) %:% foreach(j = 1:2, .combine = c) %dopar% (i * 10 + j),
                     c(11, 12, 21, 22, 31, 32))
    expect_identical(foreach(i = 1:6, .combine = c) %:% when(i %% 2 == 0) %dopar% i, c(2L, 4L, 6L))
    expect_identical(foreach(i = 1:2, .combine = c) %dopar% twice(i), c(102, 104))
    expect_identical(times(2) %dopar% 7, c(7, 7))
    expect_identical(foreach(i = integer()) %dopar% i, list())
    expect_identical(foreach(x = list(quote(a + b), quote(c))) %dopar% class(x), list("call", "name"))
    expect_identical((function(...) foreach(i = 1:2, .combine = c) %dopar% sum(i, ...))(10, 20), c(31, 32))
  })
})

test_that("errors are stopped at, passed or removed", {
  bad <- function(how) foreach(i = 1:3, .errorhandling = how) %dopar% if (i == 2) stop("at two") else i
  before <- length(rxGetJobs(background(), verbose = FALSE))
  in_backend({
    expect_error(bad("stop"), "task 2 failed - \"at two\"")
    expect_identical(bad("remove"), list(1L, 3L))
    passed <- bad("pass")
    expect_identical(passed[c(1, 3)], list(1L, 3L))
    expect_identical(conditionMessage(passed[[2]]), "at two")
  })
  expect_length(rxGetJobs(background(), verbose = FALSE), before)
})

test_that("packages, exports and options", {
  elsewhere <- function() {
    hidden <- 3
    use <- function() get("hidden")
    foreach(i = 1, .export = "hidden", .combine = c) %dopar% get("hidden")
  }
  in_backend({
    expect_identical(foreach(i = 1, .packages = "splines", .combine = c) %dopar% ("package:splines" %in% search()), TRUE)
    expect_identical(elsewhere(), 3)
    assign("global_of_a_test", at_top_level(function(x) global_offset_of_a_test + x), envir = globalenv())
    assign("global_offset_of_a_test", 7, envir = globalenv())
    on.exit(rm("global_of_a_test", "global_offset_of_a_test", envir = globalenv()))
    expect_identical((function() foreach(i = 1:2, .combine = c) %dopar% global_of_a_test(i))(), c(8, 9))
    expect_error(foreach(i = 1, .noexport = "global_of_a_test") %dopar% global_of_a_test(i), "global_of_a_test")
    expect_error(foreach(i = 1, .export = "no_such_variable") %dopar% i, "no_such_variable")
    a <- foreach(i = 1:10, .combine = c, .options.errand = list(seed = 4, chunkSize = 3)) %dopar% runif(1)
    b <- foreach(i = 1:10, .combine = c, .options.errand = list(seed = 4)) %dopar% runif(1)
    expect_identical(a, b)
    expect_warning(foreach(i = 1, .options.errand = list(color = 1)) %dopar% i, "color")
  })
})

test_that("any context serves, and rxExec runs on any backend", {
  registerDoErrand(RxLocalParallel(cores = 1))
  expect_identical(getDoParWorkers(), 1)
  expect_identical(foreach(i = 1:3, .combine = c) %dopar% i, 1:3)
  with_context(RxForeachDoPar(), {
    expect_equal(rxExec(sqrt, rxElemArg(c(1, 4, 9)), taskChunkSize = 2), list(1, 2, 3))
    expect_identical(rxExec(runif, 1, timesToRun = 4, RNGseed = 3),
                     with_context(RxLocalSeq(), rxExec(runif, 1, timesToRun = 4, RNGseed = 3)))
  })
  registerDoSEQ()
})
