# SPDX-License-Identifier: Apache-2.0

rxCleanupJobs <- function(jobInfoList, force = FALSE, verbose = TRUE) {
  jobs <- if (is_job_list(jobInfoList)) as.list(jobInfoList) else list(jobInfoList)
  report <- checked(.Call(errand_cleanup, lapply(unname(jobs), job_key), isTRUE(force), isTRUE(verbose)))
  for (path in report$paths) cat("removed ", path, "\n", sep = "")
  for (text in report$warnings) warning(in_r_words(text), call. = FALSE)
  invisible(NULL)
}
