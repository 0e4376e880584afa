# SPDX-License-Identifier: Apache-2.0
test_that("contexts are made by name and by generator, and copied with changes", {
  expect_s4_class(RxLocalSeq(), "RxLocalSeq")
  expect_true(is(RxComputeContext("localpar"), "RxComputeContext"))
  expect_s4_class(RxComputeContext("RxLocalParallel", cores = 3), "RxLocalParallel")
  expect_s4_class(RxComputeContext("dopar"), "RxForeachDoPar")
  original <- RxLocalParallel(wait = FALSE, consoleOutput = TRUE, packagesToLoad = c("stats4", "splines"))
  copy <- RxLocalParallel(original, wait = TRUE)
  expect_true(copy@wait)
  expect_true(copy@consoleOutput)
  expect_false(original@wait)
  expect_identical(RxComputeContext(original, cores = 2)@cores, 2)
  expect_identical(RxLocalSeq(original)@packagesToLoad, c("stats4", "splines"))
  expect_s4_class(RxLocalSeq(original), "RxLocalSeq")
})

test_that("what a context cannot be is said", {
  expect_error(RxComputeContext("nowhere"), "nowhere.*localpar")
  expect_error(RxLocalParallel(wiat = FALSE), "wiat.*wait")
  expect_error(RxLocalParallel(wait = "no"), "wait is TRUE or FALSE")
  expect_error(RxLocalParallel(3), "not a compute context")
  expect_error(RxLocalParallel(RxLocalSeq(), 3, 4, 5), "named")
  expect_error(RxComputeContext(5), "neither")
})

test_that("setting gives the one before, invisibly; a job keeps the context it was submitted in", {
  before <- rxGetComputeContext()
  on.exit(rxSetComputeContext(before))
  rxSetComputeContext("local")
  old <- withVisible(rxSetComputeContext("localpar", wait = FALSE))
  expect_false(old$visible)
  expect_s4_class(old$value, "RxLocalSeq")
  expect_false(rxGetComputeContext()@wait)
  job <- rxExec(function() cat("loud\n"), consoleOutput = TRUE)
  rxSetComputeContext("local")
  rxWaitForJob(job)
  expect_output(rxGetJobResults(job), "loud")
  rxOptions(computeContext = RxLocalParallel())
  expect_s4_class(rxGetOption("computeContext"), "RxLocalParallel")
  expect_s4_class(rxGetComputeContext(), "RxLocalParallel")
})

test_that("options are set, read and given back", {
  before <- rxOptions(reportProgress = 0)
  expect_identical(rxGetOption("reportProgress"), 0)
  do.call(rxOptions, before)
  expect_identical(rxGetOption("reportProgress"), 2)
  expect_identical(rxGetOption("noSuchOption", "default"), "default")
  expect_error(rxOptions(FALSE, 3), "named")
})

test_that("named contexts come from the configuration file", {
  file <- file.path(Sys.getenv("XDG_CONFIG_HOME"), "errand", "config.toml")
  dir.create(dirname(file), recursive = TRUE, showWarnings = FALSE)
  on.exit(unlink(file))
  writeLines(c("[contexts.night]", "engine = \"local\"", "cores = 1", "wait = false"), file)
  context <- RxComputeContext("night")
  expect_identical(context@cores, 1)
  expect_false(context@wait)
  expect_error(RxComputeContext("nowhere"), "night")
})

test_that("printing tells where and how jobs run", {
  expect_output(print(RxLocalSeq()), "in this session")
  expect_output(print(RxLocalParallel(cores = 2, packagesToLoad = "splines", taskMemoryLimit = 2e9)),
                "2 cores.*splines.*2 GB")
})

test_that("the task finds the context's environment", {
  with_context(waiting(environment = c(GREETING = "hello there")), {
    expect_identical(rxExec(function() Sys.getenv("GREETING")), list("hello there"))
    expect_identical(rxExec(getwd), list(getwd()))
    expect_match(rxExec(function() Sys.getenv("ERRAND_JOB"))[[1]], "^rxJob_")
  })
})

test_that("a sequential context that does not wait runs in one worker", {
  with_context(RxLocalSeq(wait = FALSE), {
    job <- rxExec(function(i) Sys.getpid(), rxElemArg(1:5))
    pids <- unlist(finished_results(job))
    expect_length(unique(pids), 1)
    expect_false(pids[[1]] == Sys.getpid())
  })
})

test_that("in the session itself errors are errors and draws are the session's own", {
  with_context(RxLocalSeq(), {
    expect_error(rxExec(function(i) if (i == 2) stop("at two") else i, rxElemArg(1:3)), "at two")
    set.seed(9)
    expected <- runif(2)
    set.seed(9)
    expect_identical(unlist(rxExec(runif, 1, timesToRun = 2)), expected)
    expect_output(rxExec(cat, "said\n"), "said")
  })
})

test_that("nodes of the local engine", {
  expect_identical(rxMakeRNodeNames(c("compute-10", "n.a", "9lives")), c("COMPUTE_10", "N.A", "X9LIVES"))
  node <- Sys.info()[["nodename"]]
  expect_identical(rxGetAvailableNodes(RxLocalParallel()), node)
  info <- rxGetNodeInfo(RxLocalParallel())
  expect_named(info, rxMakeRNodeNames(node))
  expect_identical(info[[1]]$nodeName, node)
  expect_gt(info[[1]]$memSize, 0)
  expect_output(print(rxPingNodes(RxLocalParallel())), "successfully")
})
