# SPDX-License-Identifier: Apache-2.0
test_that("library(RevoScaleR) gives the job functions", {
  skip_if_not_installed("RevoScaleR")
  told <- in_other_session(package = "RevoScaleR", c("rxSetComputeContext(\"localpar\")",
                             "print(unlist(rxExec(sqrt, rxElemArg(c(1, 4, 9)))))", "print(is.null(rxgLastPendingJob))",
                             "print(setdiff(grep('^rx', getNamespaceExports('errand'), ignore.case = TRUE, value = TRUE),",
                             "              c(getNamespaceExports('RevoScaleR'))))"))
  expect_match(paste(told, collapse = "\n"), "1 2 3.*FALSE.*character\\(0\\)")
})
