# SPDX-License-Identifier: Apache-2.0
contexts <- list(here = function() RxLocalSeq(), workers = waiting, foreach = function() RxForeachDoPar())

for (where in names(contexts)) {
  test_that(paste("arguments reach the function in all their shapes:", where), {
    skip_if_not_installed("foreach")
    if (where == "foreach") foreach::registerDoSEQ()
    with_context(contexts[[where]](), {
      expect_equal(rxExec(sqrt, 16), list(4))
      expect_equal(rxExec(function(x, y) x + y, rxElemArg(1:3), y = 10), list(11, 12, 13))
      expect_equal(rxExec(function(x, y) x * y, x = rxElemArg(1:3), y = rxElemArg(4:6)), list(4L, 10L, 18L))
      expect_equal(rxExec(identity, elemArgs = 1:3), list(1L, 2L, 3L))
      expect_equal(rxExec(identity, elemArgs = list("a", TRUE, NULL)), list("a", TRUE, NULL))
      expect_equal(rxExec(function(a, b) paste(a, b), elemArgs = list(list("x", "y"), list(b = "x", a = "y"))),
                   list("x y", "y x"))
      expect_equal(rxExec(function(a, b, c) paste(a, b, c), elemArgs = list(list(1, 2), list(3, 4)), c = 5),
                   list("1 2 5", "3 4 5"))
      expect_equal(rxExec(identity, elemArgs = list(list(list(1, "z")), list(list(2)))), list(list(1, "z"), list(2)))
      expect_equal(rxExec(function(x, k) x + k, elemArgs = list(7), timesToRun = 2, k = 1), list(8, 8))
      expect_equal(rxExec(function() "same", timesToRun = 3), list("same", "same", "same"))
      expect_equal(rxExec(length, list(1, 2, 3)), list(3L))
      expect_equal(rxExec(function(...) ..2, 1, 2), list(2))
    })
  })

  test_that(paste("elements keep their class, names and gaps:", where), {
    skip_if_not_installed("foreach")
    if (where == "foreach") foreach::registerDoSEQ()
    with_context(contexts[[where]](), {
      days <- as.Date("2020-02-28") + 0:2
      expect_identical(rxExec(identity, rxElemArg(days)), as.list(days))
      expect_identical(unlist(rxExec(identity, rxElemArg(c(a = 1, b = NA)))), c(1, NA))
      expect_identical(rxExec(identity, rxElemArg(c(1L, NA))), list(1L, NA_integer_))
      expect_identical(rxExec(identity, rxElemArg(c(TRUE, NA))), list(TRUE, NA))
      text <- c("plain", "caf\u00e9", NA, "")
      expect_identical(rxExec(identity, rxElemArg(text)), as.list(text))
      expect_identical(rxExec(identity, rxElemArg(c(1i, 2i))), list(1i, 2i))
      expect_identical(rxExec(levels, rxElemArg(factor(c("u", "v")))), list(c("u", "v"), c("u", "v")))
      expect_identical(rxExec(dim, rxElemArg(list(matrix(1:4, 2), NULL))), list(c(2L, 2L), NULL))
    })
  })

  test_that(paste("named elemArgs name the results:", where), {
    skip_if_not_installed("foreach")
    if (where == "foreach") foreach::registerDoSEQ()
    with_context(contexts[[where]](), {
      expect_equal(rxExec(identity, elemArgs = list(rxElem1 = 1, rxElem2 = 2)), list(rxElem1 = 1, rxElem2 = 2))
      expect_named(rxExec(identity, elemArgs = c(NODE_A = 1, NODE_B = 2)), c("NODE_A", "NODE_B"))
      expect_named(rxExec(identity, elemArgs = list(a = 1, 2)), c("a", "rxElem2"))
      expect_null(names(rxExec(identity, elemArgs = 1:2)))
    })
  })

  test_that(paste("quote says whether language arguments are evaluated:", where), {
    skip_if_not_installed("foreach")
    if (where == "foreach") foreach::registerDoSEQ()
    with_context(contexts[[where]](), {
      expect_equal(rxExec(identity, quote(1 + 2)), list(3))
      expect_equal(rxExec(identity, quote(1 + 2), quote = TRUE), list(quote(1 + 2)))
      expect_equal(rxExec(class, rxElemArg(list(quote(pi), quote(f(x)))), quote = TRUE), list("name", "call"))
      expect_equal(rxExec(class, elemArgs = list(list(quote(pi)), list(quote(f(x)))), quote = TRUE),
                   list("name", "call"))
    })
  })

  test_that(paste("execObjects reach the function:", where), {
    skip_if_not_installed("foreach")
    if (where == "foreach") foreach::registerDoSEQ()
    with_context(contexts[[where]](), {
      factor_of_ours <- 3
      f <- function(x) x * factor_of_ours
      environment(f) <- globalenv()
      expect_equal(rxExec(f, rxElemArg(1:2), execObjects = "factor_of_ours"), list(3, 6))
      bag <- new.env(parent = emptyenv())
      bag$factor_of_ours <- 5
      expect_equal(rxExec(f, rxElemArg(1:2), execObjects = bag), list(5, 10))
      expect_false(exists("factor_of_ours", envir = globalenv()))
      expect_error(rxExec(f, 1, execObjects = "no_such_thing"), "no_such_thing")
      expect_error(rxExec(f, 1, execObjects = 5), "execObjects")
    })
  })
}

test_that("what cannot be meant is an error, and no job is left behind", {
  before <- length(rxGetJobs(background(), verbose = FALSE))
  with_context(background(), {
    expect_error(rxExec(sum, rxElemArg(1:3), rxElemArg(1:2)), "different lengths.*3.*2")
    expect_error(rxExec(sum, rxElemArg(1:3), elemArgs = 1:2), "different lengths")
    expect_error(rxExec(sum, rxElemArg(1:3), timesToRun = 2), "timesToRun is 2.*3 elements")
    expect_error(rxExec(sum, timesToRun = 0), "1 or more")
    expect_error(rxExec(sum, timesToRun = -2), "1 or more")
    expect_error(rxExec(sum, oncePerElem = TRUE), "oncePerElem")
    expect_error(rxExec(sum, oncePerElem = TRUE, elemType = "cores"), "elemType")
    expect_error(rxExec(sum, taskChunkSize = 0), "taskChunkSize")
    expect_error(rxExec(sum, RNGseed = "x"), "RNGseed")
    expect_error(rxExec(sum, RNGkind = "Wichmann"), "RNGkind")
    expect_error(rxExec("no_such_function_here"), "no_such_function_here")
    expect_error(rxElemArg(), "rxElemArg")
  })
  expect_length(rxGetJobs(background(), verbose = FALSE), before)
})

test_that("nothing to do gives an empty list at once", {
  for (context in list(RxLocalSeq(), waiting(), background())) {
    with_context(context, {
      expect_identical(rxExec(sum, rxElemArg(numeric())), list())
      expect_identical(rxExec(sum, elemArgs = list()), list())
    })
  }
})

test_that("numCoresToUse says how many tasks there are where nothing else does", {
  with_context(waiting(), {
    before <- rxOptions(numCoresToUse = 2)
    on.exit(rxOptions(initialize = TRUE))
    expect_length(rxExec(function() 1), min(2, parallel::detectCores()))
    rxOptions(numCoresToUse = -1)
    expect_length(rxExec(function() 1), parallel::detectCores())
  })
})

test_that("packagesToLoad are attached before the task, and a missing one is said", {
  with_context(waiting(packagesToLoad = "splines"), {
    expect_equal(rxExec(function() all(c("package:splines", "package:stats4") %in% search()),
                        packagesToLoad = "stats4"), list(TRUE))
    job <- with_context(background(), rxExec(function() 1, packagesToLoad = "nosuchpackage"))
    rxWaitForJob(job)
    expect_equal(rxGetJobStatus(job), "failed")
    expect_match(unclass(rxGetJobResults(job)), "nosuchpackage")
  })
})

test_that("chunks of any size give the same", {
  with_context(waiting(), {
    for (size in c(1, 7, 1000)) {
      expect_equal(unlist(rxExec(sqrt, rxElemArg(1:100), taskChunkSize = size)), sqrt(1:100))
    }
  })
})
