# SPDX-License-Identifier: Apache-2.0

# A non-waiting context on two cores.
background <- function(...) RxLocalParallel(wait = FALSE, cores = 2, ...)
waiting <- function(...) RxLocalParallel(wait = TRUE, cores = 2, ...)

with_context <- function(context, code) {
  before <- rxSetComputeContext(context)
  on.exit(rxSetComputeContext(before))
  force(code)
}

# Waits until `condition` holds, 60 s at most.
eventually <- function(condition) {
  last_look <- Sys.time() + 60
  pause <- 0.002
  repeat {
    if (condition()) return(TRUE)
    if (Sys.time() > last_look) return(FALSE)
    Sys.sleep(pause)
    pause <- min(2 * pause, 0.05)
  }
}

# R code in a process of its own, with this session's place and library and the package: what it prints.
in_other_session <- function(code, package = "errand") {
  file <- tempfile(fileext = ".R")
  on.exit(unlink(file))
  writeLines(c(sprintf(".libPaths(c(%s, .libPaths()))", deparse1(.libPaths()[[1L]])),
               sprintf("suppressPackageStartupMessages(library(%s))", package), code), file)
  system2(file.path(R.home("bin"), "Rscript"), c("--vanilla", file), stdout = TRUE, stderr = TRUE, timeout = 120)
}

finished_results <- function(job, ...) {
  rxWaitForJob(job)
  rxGetJobResults(job, ...)
}

# A function that takes nothing of the test along.
at_top_level <- function(f) {
  environment(f) <- globalenv()
  f
}
