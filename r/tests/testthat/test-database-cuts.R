# SPDX-License-Identifier: Apache-2.0
# The connection of a client in R is cut at every message of a story: nothing is lost, and what failed says so.

programs <- Sys.getenv("ERRAND_TEST_PROGRAMS")  # of the C++ build

# A way to the server on which one message is cut (tests/programs/cutting_proxy.cc), while `code` runs.
with_cut <- function(where, number, code) {
  folder <- tempfile("errand-cut-", "/tmp")
  dir.create(folder)
  on.exit(unlink(folder, recursive = TRUE))
  address <- regmatches(uri("administrator"), regexec("@([^:]*):(([0-9]+)/.*)$", uri("administrator")))[[1L]]
  socket <- paste0("/.s.PGSQL.", address[[4L]])
  mark <- file.path(folder, "cut")
  # It ends with its standard input.
  proxy <- pipe(paste("exec", file.path(programs, "cutting_proxy"), paste0(folder, socket),
                      paste0(utils::URLdecode(address[[2L]]), socket), where, number, mark), "w")
  on.exit(close(proxy), add = TRUE)
  stopifnot(eventually(function() file.exists(paste0(folder, socket))))
  code(sprintf("%s@%s:%s", sub("@.*", "", uri()), utils::URLencode(folder, reserved = TRUE), address[[3L]]))
  file.exists(mark)
}

# What a client does whose connection could not be made: it asks again.
patiently <- function(verb) {
  tryCatch(verb(), errandError = function(e) {
    expect_match(conditionMessage(e), "no connection to", fixed = TRUE)
    expect_true(e$transient)
    verb()
  })
}

story <- function(uri) {
  context <- InDatabase(uri, wait = FALSE, autoCleanup = FALSE)
  job <- patiently(function() with_context(context, rxExec(at_top_level(function(x) 10 * x), x = rxElemArg(1:2))))
  patiently(function() rxWaitForJob(job))
  expect_identical(patiently(function() rxGetJobStatus(job)), "finished")
  expect_true(job$id %in% names(patiently(function() rxGetJobs(context, verbose = FALSE))))
  expect_equal(unname(patiently(function() rxGetJobResults(job))), list(10, 20))
  patiently(function() rxCleanupJobs(job, force = TRUE, verbose = FALSE))
  expect_identical(patiently(function() rxGetJobStatus(job)), "missing")
}

test_that("a story ends well whatever message is cut", {
  skip_without_database()
  skip_if(!nzchar(programs), "ERRAND_TEST_PROGRAMS names no folder with cutting_proxy")
  skip_in_a_closed_folder()
  with_launchpad({
    for (where in c("before", "behind", "half")) {
      number <- 1L
      while (with_cut(where, number, story)) number <- number + 1L
      expect_gt(number, 20L)
    }
    # Of submissions whose answer never came.
    left <- rxGetJobs(InDatabase(uri()), verbose = FALSE)
    rxCleanupJobs(left, force = TRUE, verbose = FALSE)
  })
})
