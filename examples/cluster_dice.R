# SPDX-License-Identifier: Apache-2.0
# The retired product's way to a cluster, word for word: RxHpcServer, rxOptions, rxExec, rxGetJobStatus,
# rxGetJobResults. The cluster is the Slurm that this machine's own commands reach.
#
#     Rscript cluster_dice.R SHARE_DIR             submits, waits, prints how the games went
#     Rscript cluster_dice.R SHARE_DIR submit      submits and prints the job's id
#     Rscript cluster_dice.R SHARE_DIR fetch ID    at any later time, a job of any language
library(errand)  # or library(RevoScaleR), from r/compat: the same functions
arguments <- commandArgs(trailingOnly = TRUE)

playDice <- function() {
  result <- NULL
  point <- NULL
  count <- 1
  while (is.null(result)) {
    roll <- sum(sample(6, 2, replace = TRUE))
    if (is.null(point)) {
      point <- roll
    }
    if (count == 1 && (roll == 7 || roll == 11)) {
      result <- "Win"
    } else if (count == 1 && (roll == 2 || roll == 3 || roll == 12)) {
      result <- "Loss"
    } else if (count > 1 && roll == 7) {
      result <- "Loss"
    } else if (count > 1 && point == roll) {
      result <- "Win"
    } else {
      count <- count + 1
    }
  }
  result
}

myCluster <- RxHpcServer(
  headNode = "cluster-head",
  shareDir = arguments[[1]],
  revoPath = file.path(R.home(), "bin"),
  workingDir = dirname(arguments[[1]]),
  wait = FALSE)
rxOptions(computeContext = myCluster)

job <- if (length(arguments) == 3) arguments[[3]] else rxExec(playDice, timesToRun = 100, taskChunkSize = 25)
if (length(arguments) == 2) {
  cat(job$id, "\n", sep = "")
} else {
  while (rxGetJobStatus(job) %in% c("queued", "running")) Sys.sleep(0.2)
  z <- rxGetJobResults(job)
  counts <- table(factor(unlist(z), c("Loss", "Win")))
  cat(sprintf("%d lost, %d won of %d\n", counts[["Loss"]], counts[["Win"]], length(z)))
}
