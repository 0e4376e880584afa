# SPDX-License-Identifier: Apache-2.0
# How a task may end, and what is recorded of it.
ending_of <- function(FUN, ..., context = background(), name = deparse1(substitute(FUN))) {
  with_context(context, {
    job <- rxExec(FUN, ..., timesToRun = 2)
    rxWaitForJob(job)
    outcomes <- rxGetJobResults(job, partial = TRUE)
    rxCleanupJobs(job, force = TRUE, verbose = FALSE)
    outcomes
  })
}

test_that("quit() fails its task, and no other", {
  with_context(background(), {
    job <- rxExec(function(i) if (i == 2) quit("no", status = 3) else i, rxElemArg(1:4))
    rxWaitForJob(job)
    results <- suppressWarnings(rxGetJobResults(job))
    expect_equal(results[-2], list(1L, 3L, 4L))
    expect_match(conditionMessage(results[[2]]), "quit\\(\\) with status 3")
    rxCleanupJobs(job, force = TRUE, verbose = FALSE)
  })
})

test_that("warnings turned into errors are errors", {
  outcome <- ending_of(function() { options(warn = 2); as.integer("x") })[[1]]
  expect_match(conditionMessage(outcome), "converted from warning")
})

test_that("endless recursion is an error", {
  outcome <- ending_of(function() { f <- function() f(); f() })[[1]]
  expect_s3_class(outcome, "error")
  expect_match(conditionMessage(outcome), "infinite recursion|stack")
})

test_that("a segfault and a killed worker are lost tasks, given up after the allowed number of starts", {
  segfault <- ending_of(function() .Call(errand:::errand_crash), context = background(lostTaskRetries = 1))[[1]]
  expect_s3_class(segfault, "rxTask_given_up")
  expect_match(conditionMessage(segfault), "signal 11|segmentation")
  killed <- ending_of(function() { tools::pskill(Sys.getpid(), 9L); Sys.sleep(5) }, context = background(lostTaskRetries = 0))[[1]]
  expect_s3_class(killed, "rxTaskFailure")
  expect_match(conditionMessage(killed), "signal 9")
})

test_that("a task lost once is run again, and the job is whole", {
  flag <- tempfile()
  with_context(background(), {
    job <- rxExec(function(i, flag) {
      if (i == 2 && !file.exists(flag)) { file.create(flag); tools::pskill(Sys.getpid(), 9L); Sys.sleep(5) }
      i
    }, rxElemArg(1:3), flag = flag)
    expect_equal(finished_results(job), list(1L, 2L, 3L))
  })
})

test_that("memory and time have their limits", {
  outcome <- ending_of(function() length(numeric(4e8)), context = background(taskMemoryLimit = 1e9))[[1]]
  expect_match(conditionMessage(outcome), "cannot allocate")
  expect_identical(attr(outcome, "rxTask")$cause, "memory_limit")
  outcome <- ending_of(function() Sys.sleep(60), context = background(taskTimeLimit = 0.3))[[1]]
  expect_identical(attr(outcome, "rxTask")$cause, "time_limit")
})

test_that("a task that leaves a sink or an abort behind harms nobody", {
  with_context(background(), {
    job <- rxExec(function(i) {
      if (i == 1) { sink(tempfile()); stop("with a sink") }
      if (i == 2) invokeRestart("abort")
      cat("still heard", i, "\n")
      i
    }, rxElemArg(1:3), taskChunkSize = 3)
    rxWaitForJob(job)
    results <- suppressWarnings(rxGetJobResults(job))
    expect_equal(results[[3]], 3L)
    expect_match(conditionMessage(results[[2]]), "abort")
    expect_match(rxGetJobOutput(job), "still heard 3")
    rxCleanupJobs(job, force = TRUE, verbose = FALSE)
  })
})

test_that("workers have a temporary directory of their own, which goes with them", {
  with_context(waiting(), {
    where <- rxExec(function() { file.create(file.path(tempdir(), "x")); tempdir() })[[1]]
    expect_true(eventually(function() !dir.exists(where)))
    expect_true(dir.exists(tempdir()))
  })
})

test_that("a large call in a condition does not become a large record", {
  with_context(background(), {
    job <- rxExec(function(x) stop("big"), runif(1e6))
    rxWaitForJob(job)
    condition <- rxGetJobResults(job, partial = TRUE)[[1]]
    expect_lt(as.numeric(object.size(condition)), 1e5)
    rxCleanupJobs(job, verbose = FALSE)
  })
})

test_that("Ctrl-C ends the waiting and not the job", {
  script <- tempfile(fileext = ".R")
  told <- tempfile()
  on.exit(unlink(c(script, told)))
  writeLines(c(sprintf(".libPaths(c(%s, .libPaths()))", deparse1(.libPaths()[[1L]])), "library(errand)",
               "rxSetComputeContext(\"localpar\")",
               sprintf("cat(Sys.getpid(), '\\n', file = %s)", deparse1(told)),
               "withCallingHandlers(rxExec(function() { Sys.sleep(2); 'done' }),",
               sprintf("  interrupt = function(i) cat(rxgLastPendingJob$id, '\\n', file = %s, append = TRUE))", deparse1(told))),
             script)
  system2(file.path(R.home("bin"), "Rscript"), c("--vanilla", script), wait = FALSE, stdout = FALSE, stderr = FALSE)
  expect_true(eventually(function() file.exists(told) && length(readLines(told)) == 1))
  Sys.sleep(0.5)
  tools::pskill(as.integer(readLines(told)[[1]]), tools::SIGINT)
  expect_true(eventually(function() length(readLines(told)) == 2))
  expect_equal(finished_results(trimws(readLines(told)[[2]])), list("done"))
})
