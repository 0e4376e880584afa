# SPDX-License-Identifier: Apache-2.0
# usage: Rscript tools/run_r_tests.R FOLDER OF COUNTS
# Runs all tests of the installed package and writes how many passed, failed and were skipped.
library(testthat)
library(errand)
counts_file <- commandArgs(trailingOnly = TRUE)[[1L]]
arguments <- commandArgs(FALSE)
script <- sub("^--file=", "", grep("^--file=", arguments, value = TRUE))
results <- test_dir(file.path(dirname(script), "..", "r", "tests", "testthat"), package = "errand", load_package = "installed",
                    reporter = "check", stop_on_failure = FALSE)
rows <- as.data.frame(results)
bad <- rows$failed > 0 | rows$error
cat(sum(!bad & !rows$skipped), sum(bad), sum(rows$skipped & !bad), "\n", file = counts_file)
print(rows[order(-rows$real), c("file", "test", "real")][seq_len(min(8L, nrow(rows))), ], row.names = FALSE)
quit("no", status = if (any(bad)) 1L else 0L)
