# SPDX-License-Identifier: Apache-2.0
# The retired product's stories in the database, with only the connection string changed, on a real server.

# One launchpad for all of them, a single task at once; a test that wants a queue stops it.
pad <- NULL

skip_unless_served <- function(served = TRUE) {
  skip_without_database()
  skip_in_a_closed_folder()
  if (is.null(pad)) {
    # What a run that was killed has left would keep the only worker busy.
    left <- rxGetJobs(in_database(), states = c("queued", "running"), verbose = FALSE)
    rxCleanupJobs(left, force = TRUE, verbose = FALSE)
    pad <<- new_launchpad(workers = 1, identities = 1)
  }
  if (served) start_launchpad(pad) else stop_launchpad(pad)
}

in_database <- function(...) RxInSqlServer(connectionString = odbc(), numTasks = 1, wait = FALSE, ...)

answer <- "We just ran R code asynchronously!"

hello <- at_top_level(function(gate = NULL) {
  cat("Hello from a job\n")
  for (i in 1:6000) {
    if (is.null(gate) || file.exists(gate)) break
    Sys.sleep(0.02)
  }
  "We just ran R code asynchronously!"
})

# A file that tasks wait for. It is there at the end, whatever becomes of the code: no task waits for ever.
with_gate <- function(code) {
  gate <- tempfile("gate-", pad$folder)
  on.exit(open_gate(gate))
  code(gate)
}
open_gate <- function(gate) invisible(file.create(gate))

# A job whose task stays, and the task's process.
running_task <- function() {
  job <- with_context(in_database(), rxExec(at_top_level(function() {
    cat(Sys.getpid(), "\n")
    Sys.sleep(300)
  })))
  expect_true(eventually(function() grepl("\n", rxGetJobOutput(job))))
  expect_identical(rxGetJobStatus(job), "running")
  pid <- as.integer(rxGetJobOutput(job))
  expect_false(has_ended(pid))
  list(job = job, pid = pid)
}

finished_job <- function(...) {
  job <- with_context(in_database(...), rxExec(hello))
  rxWaitForJob(job, timeout = 120)
  expect_identical(rxGetJobStatus(job), "finished")
  job
}

listed <- function(...) names(rxGetJobs(in_database(), ..., verbose = FALSE))

test_that("waiting, hello's text is on the client's console, and only if it is wanted", {
  skip_unless_served()
  for (console_output in c(TRUE, FALSE)) {
    told <- in_other_session(c(
      sprintf("sqlCompute <- RxInSqlServer(connectionString = \"%s\", numTasks = 1, autoCleanup = TRUE,", odbc()),
      sprintf("                            consoleOutput = %s, wait = TRUE)", console_output),
      "rxSetComputeContext(sqlCompute)",
      "rxExec(function() { cat(\"Hello from a job\\n\"); \"We just ran R code!\" })"))
    expect_identical(told, c(if (console_output) "Hello from a job", "[[1]]", "[1] \"We just ran R code!\"", ""))
  }
})

# As a script of the original's users has it.
script_of_the_original <- function() c(
  sprintf("sqlConnString <- \"%s\"", odbc()),
  "sqlCompute <- RxInSqlServer(connectionString = sqlConnString, numTasks = 1, wait = FALSE, consoleOutput = FALSE,",
  "                            autoCleanup = FALSE)",
  "rxSetComputeContext(sqlCompute)",
  "delays <- RxSqlServerData(sqlQuery = \"select i as delay, i % 2 as late from generate_series(1, 100) i\",",
  "                          connectionString = sqlConnString, colInfo = list(delay = list(type = \"numeric\")))",
  "cat(rxGetInfo(delays)$numRows, \"\\n\")",
  "meanDelay <- function(source) {",
  "  cat(\"Hello from a job\\n\")",
  "  mean(rxDataStep(source, rowSelection = late == 1, transforms = list(hours = delay / 60))$delay)",
  "}",
  "job <- rxExec(meanDelay, source = delays)",
  "rxWaitForJob(job)",
  "cat(rxGetJobStatus(job), identical(job, rxgLastPendingJob), \"\\n\")",
  "print(rxGetJobOutput(job))",
  "print(rxGetJobResults(job)[[1]])",
  "print(names(rxGetJobs(sqlCompute, states = \"finished\", verbose = FALSE)) == job$id)",
  "rxCleanupJobs(job, force = TRUE, verbose = FALSE)",
  "cat(rxGetJobStatus(job), \"\\n\")")

test_that("a script for RevoScaleR runs with nothing but its connection string changed", {
  skip_if_not_installed("RevoScaleR")
  skip_unless_served()
  told <- in_other_session(script_of_the_original(), package = "RevoScaleR")
  expect_identical(trimws(told), c("100", "finished TRUE", "Hello from a job", "[1] 50", "[1] TRUE", "missing"))
})

test_that("not waiting, a job goes from queued over running to finished", {
  skip_unless_served(FALSE)
  job <- with_gate(function(gate) {
    job <- with_context(in_database(consoleOutput = TRUE), rxExec(hello, gate = gate))
    expect_s3_class(job, "rxJobInfo")
    expect_identical(rxGetJobStatus(job), "queued")
    expect_identical(as.character(unclass(rxGetJobOutput(job))), "")
    expect_match(unclass(rxGetJobResults(job)), "queued")
    start_launchpad(pad)
    expect_true(eventually(function() rxGetJobStatus(job) != "queued"))
    expect_identical(rxGetJobStatus(job), "running")
    expect_true(eventually(function() nzchar(rxGetJobOutput(job))))
    expect_output(print(rxGetJobOutput(job)), "^Hello from a job$")
    expect_s3_class(rxGetJobResults(job), "rxJobMessage")
    job
  })
  expect_silent(rxWaitForJob(job))
  expect_identical(rxGetJobStatus(job), "finished")
  expect_identical(as.character(unclass(rxGetJobOutput(job))), "Hello from a job\n")
  expect_output(results <- rxGetJobResults(job), "^Hello from a job$")
  expect_identical(results, list(answer))
})

test_that("a job is queued while the only worker is busy", {
  skip_unless_served()
  jobs <- with_gate(function(gate) with_context(in_database(), {
    first <- rxExec(hello, gate = gate)
    expect_true(eventually(function() rxGetJobStatus(first) == "running"))
    second <- rxExec(hello)
    expect_identical(rxGetJobStatus(second), "queued")
    list(first, second)
  }))
  for (job in jobs) expect_identical(finished_results(job), list(answer))
})

test_that("what autoCleanup leaves", {
  skip_unless_served()
  job <- finished_job(autoCleanup = TRUE)
  expect_true(job$id %in% listed())
  expect_identical(rxGetJobResults(job), list(answer))
  expect_false(job$id %in% listed())
  expect_identical(rxGetJobStatus(job), "missing")
  expect_match(unclass(rxGetJobResults(job)), "deleted")
  job <- finished_job(autoCleanup = FALSE)
  expect_silent(expect_identical(rxGetJobResults(job), list(answer)))
  expect_identical(rxGetJobResults(job), list(answer))
  expect_identical(rxGetJobStatus(job), "finished")
  expect_true(job$id %in% listed())
  expect_output(rxGetJobResults(job, consoleOutput = TRUE, autoCleanup = TRUE), "^Hello from a job$")
  expect_false(job$id %in% listed())
})

test_that("a running job is canceled and cleaned up", {
  skip_unless_served()
  task <- running_task()
  expect_output(canceled <- rxCancelJob(task$job, consoleOutput = TRUE), sprintf("^%d", task$pid))
  expect_true(canceled)
  expect_true(has_ended(task$pid))
  expect_identical(rxGetJobStatus(task$job), "canceled")
  expect_match(unclass(rxGetJobResults(task$job)), "canceled")
  expect_match(unclass(rxGetJobOutput(task$job)), "canceled")
  expect_message(again <- rxCancelJob(task$job), "ended")
  expect_false(again)
  expect_output(rxCleanupJobs(task$job), task$job$id)
  expect_identical(rxGetJobStatus(task$job), "missing")
  expect_false(task$job$id %in% listed())
})

test_that("a queued job is canceled, a finished one loses nothing", {
  skip_unless_served(FALSE)
  marks <- tempfile("marks-", pad$folder)
  dir.create(marks)
  Sys.chmod(marks, "0777", use_umask = FALSE)
  queued <- with_context(in_database(), rxExec(file.create, file.path(marks, "mark")))
  expect_true(rxCancelJob(queued))
  expect_identical(rxGetJobStatus(queued), "canceled")
  expect_match(unclass(rxGetJobOutput(queued)), "removed")
  start_launchpad(pad)
  job <- finished_job()
  expect_length(dir(marks), 0L)
  expect_identical(rxGetJobStatus(queued), "canceled")
  rxCleanupJobs(queued, verbose = FALSE)
  expect_message(canceled <- rxCancelJob(job), "ended")
  expect_false(canceled)
  expect_identical(rxGetJobStatus(job), "finished")
  expect_identical(rxGetJobResults(job), list(answer))
  expect_false(suppressMessages(rxCancelJob(job)))
})

test_that("cleanup keeps unread results and a running job unless forced", {
  skip_unless_served()
  unread <- finished_job()
  expect_silent(expect_warning(rxCleanupJobs(unread), paste0(unread$id, ".*autoCleanup.*force")))
  expect_identical(rxGetJobStatus(unread), "finished")
  printed <- capture.output(rxCleanupJobs(unread, force = TRUE, verbose = TRUE))
  expect_length(printed, 1L)
  expect_match(printed, unread$id)
  expect_no_match(printed, "alice-secret")
  expect_identical(rxGetJobStatus(unread), "missing")
  task <- running_task()
  expect_warning(rxCleanupJobs(task$job), "running")
  expect_identical(rxGetJobStatus(task$job), "running")
  expect_false(has_ended(task$pid))
  expect_silent(rxCleanupJobs(task$job, force = TRUE, verbose = FALSE))
  expect_true(has_ended(task$pid))
  expect_identical(rxGetJobStatus(task$job), "missing")
})

test_that("of a list every job is tried", {
  skip_unless_served()
  unread <- finished_job()
  failed <- with_context(in_database(), rxExec(at_top_level(function() stop("on purpose")), continueOnFailure = FALSE))
  expect_identical(rxWaitForJob(failed), "failed")
  expect_match(unclass(rxGetJobResults(failed)), "on purpose")
  expect_warning(rxCleanupJobs(list(unread, failed), verbose = FALSE), unread$id)
  expect_identical(intersect(listed(), c(unread$id, failed$id)), unread$id)
  rxCleanupJobs(unread, force = TRUE, verbose = FALSE)
  expect_false(unread$id %in% listed())
})

test_that("jobs are listed and chosen", {
  skip_unless_served()
  begin <- Sys.time() - 1
  first <- finished_job()
  second <- running_task()$job
  rxCancelJob(second)
  both <- c(first$id, second$id)
  found <- function(context = in_database(), ...) intersect(names(rxGetJobs(context, ..., verbose = FALSE)), both)
  expect_identical(found(), both)
  expect_identical(found(startTime = begin, endTime = Sys.time() + 1), both)
  expect_length(found(startTime = Sys.time() + 86400), 0L)
  expect_length(found(endTime = begin), 0L)
  expect_identical(found(states = "Finished"), both[[1L]])
  expect_identical(found(states = c("canceled", "missing")), both[[2L]])
  expect_identical(found(exactMatch = TRUE), both)
  expect_identical(found(RxInSqlServer(in_database(), numTasks = 3)), both)
  expect_length(found(RxInSqlServer(in_database(), numTasks = 3), exactMatch = TRUE), 0L)
  shown <- capture.output(jobs <- rxGetJobs(in_database()))
  expect_match(shown, paste0("^finished +[0-9-]+ [0-9:.]+ +", first$id, "$"), all = FALSE)
  expect_match(shown, paste0("^canceled +[0-9-]+ [0-9:.]+ +", second$id, "$"), all = FALSE)
  rxCleanupJobs(jobs[both], force = TRUE, verbose = FALSE)
  expect_length(found(), 0L)
})

# The id of a job whose client was killed as soon as it had said that id.
new_orphan <- function() with_gate(function(gate) {
  script <- tempfile(fileext = ".R")
  said <- tempfile()
  on.exit(unlink(c(script, said)))
  writeLines(c(
    sprintf(".libPaths(c(%s, .libPaths()))", deparse1(.libPaths()[[1L]])),
    "suppressPackageStartupMessages(library(errand))",
    sprintf("sqlCompute <- RxInSqlServer(connectionString = \"%s\", consoleOutput = TRUE, wait = FALSE)", odbc()),
    "rxSetComputeContext(sqlCompute)",
    paste("hello <-", paste(deparse(hello), collapse = "\n")),
    sprintf("job <- rxExec(hello, gate = \"%s\")", gate),
    "cat(Sys.getpid(), job$id, \"\\n\")",
    "Sys.sleep(120)"), script)
  system2(file.path(R.home("bin"), "Rscript"), c("--vanilla", script), stdout = said, wait = FALSE)
  words <- NULL
  expect_true(eventually(function() {
    words <<- if (file.exists(said)) strsplit(paste(readLines(said, warn = FALSE), collapse = ""), " ")[[1L]]
    length(words) == 2L && nchar(words[[2L]]) == 32L
  }))
  pid <- as.integer(words[[1L]])
  expect_true(tools::pskill(pid, tools::SIGKILL))
  expect_true(eventually(function() has_ended(pid)))
  words[[2L]]
})

# With nothing of what this session knows of its jobs.
as_stranger <- function(code) {
  home <- tempfile("stranger-")
  before <- Sys.getenv(c("XDG_STATE_HOME", "XDG_CONFIG_HOME"), names = TRUE)
  Sys.setenv(XDG_STATE_HOME = file.path(home, "state"), XDG_CONFIG_HOME = file.path(home, "config"))
  on.exit({
    do.call(Sys.setenv, as.list(before))
    unlink(home, recursive = TRUE)
  })
  force(code)
}

test_that("another session finishes the story of one that was killed", {
  skip_unless_served()
  id <- new_orphan()
  told <- as_stranger(in_other_session(c(
    sprintf("rxSetComputeContext(RxInSqlServer(connectionString = \"%s\"))", odbc()),
    sprintf("job <- \"%s\"", id),
    "cat(rxWaitForJob(job), \"\\n\")",
    "print(rxGetJobOutput(job))",
    "results <- rxGetJobResults(job)",
    "cat(results[[1]], \"\\n\")",
    "cat(rxGetJobStatus(job), \"\\n\")")))
  expect_identical(trimws(told), c("finished", "Hello from a job", "Hello from a job", answer, "missing"))
})

test_that("the command line finishes the story of a session that was killed", {
  skip_unless_served()
  id <- new_orphan()
  say <- function(...) suppressWarnings(system2(errand_command(), shQuote(c(...)), stdout = TRUE, stderr = FALSE))
  as_stranger({
    expect_match(say("wait", id, "--context", uri()), "finished: 1 of 1 done", all = FALSE)
    expect_identical(say("output", id, "--context", uri()), "Hello from a job")
    expect_identical(say("status", id, "--quiet", "--context", uri()), "finished")
    expect_null(attr(say("cleanup", id, "--force", "--context", uri()), "status"))
    expect_identical(attr(say("status", id, "--context", uri()), "status"), 3L)
  })
})

# Python code as a process of its own: what it prints.
in_python <- function(code) {
  python <- Sys.getenv("ERRAND_TEST_PYTHON", Sys.which("python3")[[1L]])
  is_there <- nzchar(python) && system2(python, c("-c", shQuote("import errand")), stdout = FALSE, stderr = FALSE) == 0L
  skip_if(!is_there, "there is no Python with the package errand")
  script <- tempfile(fileext = ".py")
  on.exit(unlink(script))
  writeLines(c("from errand import *", sprintf("rx_set_compute_context(RxInSqlServer(\"%s\"))", odbc()), code), script)
  as_stranger(system2(python, script, stdout = TRUE))
}

test_that("Python finishes the story of a session that was killed", {
  skip_unless_served()
  id <- new_orphan()
  told <- in_python(c(
    sprintf("job = Job(\"%s\")", id),
    "rx_wait_for_job(job)",
    "print(rx_get_job_status(job))",
    "print(rx_get_job_output(job), end=\"\")",
    "results = rx_get_job_results(job)",
    "print(results[0])",
    "print(job.report().word)"))
  expect_identical(told, c("RxRemoteJobStatus.FINISHED", "Hello from a job", "Hello from a job", answer, "missing"))
})

test_that("Python leaves a value that only R reads", {
  skip_unless_served()
  job <- with_context(in_database(), rxExec(at_top_level(function() {
    cat("Hello from a job\n")
    factor(c("a", "b"))
  })))
  told <- in_python(c(
    sprintf("job = Job(\"%s\")", job$id),
    "rx_wait_for_job(job)",
    "print(rx_get_job_output(job), end=\"\")",
    "try:",
    "    rx_get_job_results(job)",
    "except ErrandError as refused:",
    "    print(refused)",
    "print(rx_get_job_status(job))"))
  expect_identical(told[c(1L, length(told))], c("Hello from a job", "RxRemoteJobStatus.FINISHED"))
  expect_match(paste(told, collapse = " "), "\\bR\\b")
  expect_identical(rxGetJobResults(job), list(factor(c("a", "b"))))
})

if (!is.null(pad)) remove_launchpad(pad)
