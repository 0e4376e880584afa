# SPDX-License-Identifier: Apache-2.0
test_that("a job goes its way from submission to results, and is gone then", {
  with_context(background(), {
    job <- rxExec(function(x) x^2, rxElemArg(1:5))
    expect_s3_class(job, "rxJobInfo")
    expect_match(job$id, "^rxJob_[0-9a-z]{26}$")
    expect_identical(rxWaitForJob(job), "finished")
    expect_identical(rxGetJobStatus(job), "finished")
    expect_equal(rxGetJobResults(job), as.list((1:5)^2))
    expect_identical(rxGetJobStatus(job), "missing")
    message <- rxGetJobResults(job)
    expect_s3_class(message, "rxJobMessage")
    expect_match(unclass(message), "deleted|removed|missing")
  })
})

test_that("autoCleanup: this call's word, then rxExec's, then the context's", {
  remains <- function(job) rxGetJobStatus(job) == "finished"
  with_context(background(autoCleanup = FALSE), {
    job <- rxExec(sqrt, 4)
    expect_equal(finished_results(job), list(2))
    expect_true(remains(job))
    expect_equal(rxGetJobResults(job), list(2))
    job <- rxExec(sqrt, 4, autoCleanup = TRUE)
    finished_results(job)
    expect_false(remains(job))
  })
  with_context(background(), {
    job <- rxExec(sqrt, 4, autoCleanup = FALSE)
    finished_results(job)
    expect_true(remains(job))
    rxGetJobResults(job, autoCleanup = TRUE)
    expect_false(remains(job))
  })
})

test_that("consoleOutput: the same order", {
  speak <- function(i) cat("spoken", i, "\n")
  with_context(waiting(consoleOutput = TRUE), {
    expect_output(rxExec(speak, rxElemArg(1:2)), "spoken 1.*spoken 2")
    expect_silent(rxExec(speak, rxElemArg(1:2), consoleOutput = FALSE))
  })
  with_context(background(), {
    job <- rxExec(speak, 1)
    rxWaitForJob(job)
    expect_output(rxGetJobResults(job, consoleOutput = TRUE), "spoken 1")
  })
})

test_that("all kinds of output are captured, in order", {
  with_context(background(), {
    job <- rxExec(function() {
      cat("1 cat\n")
      message("2 message")
      print("3 print")
      warning("4 warning")
      system("echo 5 child")
      .Call(errand:::errand_say, "6 from C\n")
      writeLines("7 stderr", stderr())
      invisible(system2("sh", c("-c", shQuote("echo 8 grandchild >&2"))))
      cat("9 end\n")
    })
    rxWaitForJob(job)
    output <- rxGetJobOutput(job)
    digits <- regmatches(output, gregexpr("[1-9] (cat|message|print|warning|grandchild|child|from|stderr|end)|\"3", output))[[1L]]
    expect_identical(substr(gsub("\"", "", digits), 1, 1), as.character(1:9))
    expect_output(print(output), "9 end")
    rxGetJobResults(job)
    expect_s3_class(rxGetJobOutput(job), "rxJobMessage")
  })
})

test_that("a failed task's condition stands at its place, with its classes, and there is one warning", {
  fails <- function(i) {
    if (i == 2) stop(structure(class = c("ourError", "error", "condition"), list(message = "two is bad", call = NULL, data = 42)))
    i
  }
  with_context(background(), {
    job <- rxExec(fails, rxElemArg(1:4))
    rxWaitForJob(job)
    expect_identical(rxGetJobStatus(job), "finished")
    expect_warning(results <- rxGetJobResults(job), "1 of 4 tasks failed.*task 2: two is bad.*rxRetryJob")
    expect_equal(results[-2], list(1L, 3L, 4L))
    expect_s3_class(results[[2]], "ourError")
    expect_identical(results[[2]]$data, 42)
    expect_identical(attr(results[[2]], "rxTask")$task, 2)
    expect_match(attr(results[[2]], "rxTask")$traceback, "fails")
    expect_identical(rxGetJobStatus(job), "finished")
    expect_warning(rxGetJobResults(job), "job was kept")
    expect_output(rxCleanupJobs(job, force = TRUE), job$id)
    expect_identical(rxGetJobStatus(job), "missing")
  })
})

test_that("continueOnFailure = FALSE stops at the first error", {
  with_context(background(), {
    job <- rxExec(function(i) if (i == 1) stop("first") else i, rxElemArg(1:500), continueOnFailure = FALSE,
                  taskChunkSize = 1)
    rxWaitForJob(job)
    expect_identical(rxGetJobStatus(job), "failed")
    message <- rxGetJobResults(job)
    expect_s3_class(message, "rxJobMessage")
    expect_match(unclass(message), "task 1: first")
    rxCleanupJobs(job, verbose = FALSE)
    expect_identical(rxGetJobStatus(job), "missing")
  })
  with_context(waiting(), expect_warning(rxExec(function() stop("all of them"), timesToRun = 2), "all of them"))
})

test_that("results of a running job: a message, or what there is with partial = TRUE", {
  gate <- tempfile()
  with_context(background(), {
    job <- rxExec(function(i, gate) { while (i == 3 && !file.exists(gate)) Sys.sleep(0.02); i * 10 },
                  elemArgs = list(a = list(1), b = list(2), c = list(3)), gate = gate)
    expect_true(eventually(function() length(rxGetJobResults(job, partial = TRUE)) == 2))
    partial <- rxGetJobResults(job, partial = TRUE)
    expect_equal(partial, structure(list(a = 10, b = 20), index = c(1, 2)))
    message <- rxGetJobResults(job)
    expect_s3_class(message, "rxJobMessage")
    expect_output(print(message), "running|not finished")
    expect_error(rxWaitForJob(job, timeout = 0.1), class = "errand_timeout")
    file.create(gate)
    expect_equal(finished_results(job), list(a = 10, b = 20, c = 30))
  })
})

test_that("cancel stops a job; afterwards it says so, and that is no error", {
  with_context(background(), {
    job <- rxExec(Sys.sleep, 60)
    expect_true(eventually(function() rxGetJobStatus(job) == "running"))
    expect_true(rxCancelJob(job))
    expect_identical(rxGetJobStatus(job), "canceled")
    expect_match(unclass(rxGetJobResults(job)), "canceled")
    expect_message(again <- rxCancelJob(job))
    expect_false(again)
    rxCleanupJobs(job, verbose = FALSE)
    expect_identical(rxGetJobStatus(job), "missing")
  })
})

test_that("retry runs again what failed", {
  flag <- tempfile()
  with_context(background(), {
    job <- rxExec(function(i, flag) if (i == 2 && !file.exists(flag)) stop("not yet") else i, rxElemArg(1:3), flag = flag)
    rxWaitForJob(job)
    file.create(flag)
    expect_message(count <- rxRetryJob(job))
    expect_equal(count, 1)
    expect_equal(finished_results(job), list(1L, 2L, 3L))
  })
})

test_that("cleanup keeps what somebody may still want, and says how to go on", {
  with_context(background(autoCleanup = FALSE), {
    jobs <- list(rxExec(sqrt, 4), rxExec(sqrt, 9))
    for (job in jobs) rxWaitForJob(job)
    expect_warning(expect_warning(rxCleanupJobs(jobs), "force"), "rxGetJobResults")
    expect_identical(rxGetJobStatus(jobs[[1]]), "finished")
    expect_output(result <- rxCleanupJobs(jobs, force = TRUE), "removed")
    expect_null(result)
    running <- rxExec(Sys.sleep, 60)
    expect_true(eventually(function() rxGetJobStatus(running) == "running"))
    expect_warning(rxCleanupJobs(running))
    rxCleanupJobs(running, force = TRUE, verbose = FALSE)
    expect_identical(rxGetJobStatus(running), "missing")
  })
})

test_that("job lists name jobs, with times and states", {
  other <- background(shareDir = file.path(place, "share-lists"), autoCleanup = FALSE)
  begin <- Sys.time()
  with_context(other, {
    first <- rxExec(sqrt, 4)
    second <- rxExec(function() stop("no"))
    rxWaitForJob(first)
    rxWaitForJob(second)
  })
  shown <- capture.output(jobs <- rxGetJobs(other))
  expect_s3_class(jobs, "rxJobInfoList")
  expect_named(jobs, c(first$id, second$id))
  expect_match(shown[[1]], paste0("^finished +[0-9-]+ [0-9:.]+ +", first$id))
  expect_named(rxGetJobs(other, states = "FAILED", verbose = FALSE), second$id)
  expect_length(rxGetJobs(other, startTime = Sys.time() + 60, verbose = FALSE), 0)
  expect_length(rxGetJobs(other, startTime = begin - 1, endTime = Sys.time() + 1, verbose = FALSE), 2)
  expect_length(rxGetJobs(background(), states = "missing", verbose = FALSE), 0)
  expect_error(rxGetJobs(other, states = "sleeping"), "sleeping")
  expect_length(rxGetJobs(RxLocalParallel(other, cores = 1), exactMatch = TRUE, verbose = FALSE), 0)
  expect_length(rxGetJobs(other, exactMatch = TRUE, verbose = FALSE), 2)
  expect_output(print(jobs), "finished.*failed")
  expect_equal(rxGetJobResults(jobs[[first$id]]), list(2))
  rxCleanupJobs(jobs, force = TRUE, verbose = FALSE)
  expect_length(rxGetJobs(other, verbose = FALSE), 0)
  expect_output(print(rxGetJobs(other, verbose = FALSE)), "no jobs")
})

test_that("the last job is at hand, and any session takes a job up by its id", {
  job <- with_context(background(), rxExec(function(i) i + 0.5, elemArgs = list(first = list(1), second = list(2))))
  expect_identical(rxgLastPendingJob$id, job$id)
  expect_identical(rxGetJobInfo(job), job)
  expect_null(rxGetJobInfo(42))
  told <- in_other_session(sprintf("rxWaitForJob(\"%s\"); str(rxGetJobResults(\"%s\"))", job$id, job$id))
  expect_match(paste(told, collapse = "\n"), "first.*1.5.*second.*2.5")
  expect_identical(rxGetJobStatus(job), "missing")
  expect_error(rxGetJobStatus(NULL), "no job")
  expect_error(rxGetJobStatus(17), "jobInfo")
  wrong <- expect_error(rxGetJobStatus("no job's name!"), class = "errandError")
  expect_false(wrong$transient)
  expect_s3_class(wrong, paste0("errand_", wrong$code))
})

test_that("a job outlives the session that submitted it", {
  told <- in_other_session(c("rxSetComputeContext(RxLocalParallel(wait = FALSE))",
                             "cat(rxExec(function() { Sys.sleep(0.5); 'outlived' })$id)"))
  id <- grep("^rxJob_", told, value = TRUE)
  expect_equal(finished_results(id), list("outlived"))
})

test_that("printing a job says what a person wants to know", {
  with_context(background(), {
    job <- rxExec(sqrt, 16)
    rxWaitForJob(job)
    expect_output(print(job), "rxJob_.*finished.*sqrt")
    rxGetJobResults(job)
  })
})

test_that("odd bytes in the output are shown as R can show them", {
  with_context(background(), {
    job <- rxExec(at_top_level(function() system("printf 'zero \\000 and \\377 end\\n'")))
    rxWaitForJob(job)
    expect_match(rxGetJobOutput(job), "zero .*0 and .* end")
    rxGetJobResults(job)
  })
})

test_that("a place that cannot be written is said at submission", {
  with_context(background(shareDir = "/proc/no-place-here"), {
    expect_error(rxExec(sqrt, 4), "/proc/no-place-here", class = "errandError")
  })
  expect_error(rxGetJobStatus("rxJob_00000000000000000000000000"), NA)
})
