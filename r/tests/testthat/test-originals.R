# SPDX-License-Identifier: Apache-2.0
# The examples of the retired product's pages, unchanged but for the compute context.
in_both <- function(code) {
  expression <- substitute(code)
  frame <- parent.frame()
  for (context in list(RxLocalSeq(), waiting())) with_context(context, eval(expression, frame))
}

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

test_that("dice: 10,000 plays in chunks of 2,000, repeatable with a seed", {
  in_both({
    z <- rxExec(playDice, timesToRun = 10000, taskChunkSize = 2000, RNGseed = 777)
    counts <- table(unlist(z))
    expect_equal(sum(counts), 10000)
    expect_lt(abs(counts[["Win"]] - 4929), 250)
    expect_identical(rxExec(playDice, timesToRun = 10000, taskChunkSize = 2000, RNGseed = 777), z)
  })
})

test_that("the birthday problem over 2:100 in chunks of 20", {
  pbirthday <- function(n, ntests = 5000) {
    if (length(n) > 1L) return(sapply(n, pbirthday, ntests = ntests))
    daysInYear <- seq.int(365)
    anydup <- function(i) {
      any(duplicated(sample(daysInYear, size = n, replace = TRUE)))
    }
    prob <- sum(sapply(seq.int(ntests), anydup)) / ntests
    names(prob) <- n
    prob
  }
  with_context(waiting(), {
    z <- rxExec(pbirthday, n = rxElemArg(2:100), ntests = 500, taskChunkSize = 20)
    probSameBD <- unlist(z)
    expect_named(probSameBD, as.character(2:100))
    expect_gt(probSameBD[["50"]], 0.9)
    expect_lt(probSameBD[["5"]], 0.15)
  })
  with_context(background(), {
    z <- rxExec(pbirthday, n = rxElemArg(2:10), ntests = 100, taskChunkSize = 20)
    rxWaitForJob(z)
    expect_identical(rxGetJobStatus(z), "finished")
    expect_length(unlist(rxGetJobResults(z)), 9)
  })
})

test_that("the Mandelbrot set with execObjects", {
  mandelbrot <- function(x0, y0, lim) {
    x <- x0; y <- y0
    iter <- 0
    while (x^2 + y^2 < 4 && iter < lim) {
      xtemp <- x^2 - y^2 + x0
      y <- 2 * x * y + y0
      x <- xtemp
      iter <- iter + 1
    }
    iter
  }
  vmandelbrot <- function(xvec, y0, lim) {
    unlist(lapply(xvec, mandelbrot, y0 = y0, lim = lim))
  }
  environment(vmandelbrot) <- environment(mandelbrot) <- globalenv()
  x.in <- seq(-2.0, 0.6, length.out = 60)
  y.in <- seq(-1.3, 1.3, length.out = 60)
  m <- 100
  in_both({
    z <- rxExec(vmandelbrot, x.in, y0 = rxElemArg(y.in), m, taskChunkSize = 48, execObjects = "mandelbrot")
    z <- matrix(unlist(z), ncol = 60)
    expect_identical(z, vapply(y.in, function(y) vapply(x.in, mandelbrot, 0, y0 = y, lim = m), numeric(60)))
  })
})

test_that("k-means with 20 starts, repeatable", {
  kMeansRSR <- function(x, centers = 5, iter.max = 10, nstart = 1, numTimes = 20, seed = NULL) {
    results <- rxExec(FUN = kmeans, x = x, centers = centers, iter.max = iter.max, nstart = nstart,
                      timesToRun = numTimes, RNGseed = seed)
    best <- 1
    bestSS <- sum(results[[1]]$withinss)
    for (j in 1:numTimes) {
      jSS <- sum(results[[j]]$withinss)
      if (bestSS > jSS) {
        best <- j
        bestSS <- jSS
      }
    }
    results[[best]]
  }
  set.seed(3)
  x <- matrix(rnorm(5000), nrow = 500, ncol = 10)
  in_both({
    km1 <- kMeansRSR(x, 10, 35, 2, seed = 777)
    km2 <- kMeansRSR(x, 10, 35, 2, seed = 777)
    expect_true(all.equal(km1, km2))
  })
})

test_that("uncorrelated streams, and five runs as a data frame", {
  in_both({
    x <- rxExec(runif, 500, timesToRun = 5, RNGkind = "MT2203")
    x.df <- data.frame(x)
    corx <- cor(x.df)
    diag(corx) <- 0
    expect_false(any(abs(corx) > 0.3))
    x1 <- rxExec(runif, 500, timesToRun = 5, RNGkind = "MT2203", RNGseed = 14)
    x2 <- rxExec(runif, 500, timesToRun = 5, RNGkind = "MT2203", RNGseed = 14)
    expect_true(all.equal(x1, x2))
  })
})

test_that("five timed runs of a function with console output", {
  with_context(waiting(), {
    timed <- function(n) {
      cat("run with", n, "numbers\n")
      system.time(sort(runif(n)))[["elapsed"]]
    }
    expect_output(times <- rxExec(timed, 1e4, timesToRun = 5, consoleOutput = TRUE),
                  paste(rep("run with 10000 numbers", 5), collapse = ".*"))
    expect_length(times, 5)
    expect_true(all(unlist(times) >= 0))
  })
})

test_that("the reference page's examples", {
  in_both({
    expect_identical(rxExec(getwd), list(getwd()))
    x <- 1:10
    expect_length(rxExec(identity, x, elemType = "cores", timesToRun = 10), 10)
    expect_identical(rxExec(identity, rxElemArg(x), elemType = "cores"), as.list(x))
    expect_equal(rxExec(sqrt, rxElemArg(1:100), taskChunkSize = 50), as.list(sqrt(1:100)))
    expect_equal(rxExec(sum, arg1 = 1, arg2 = rxElemArg(c(1:5))), as.list(2:6))
  })
})

test_that("the cleanup rules of the manual", {
  with_context(background(), {
    job1 <- rxExec(sqrt, 4)
    rxWaitForJob(job1)
    myJobs <- rxGetJobs(rxGetComputeContext(), verbose = FALSE)
    myJobs <- myJobs[job1$id]
    expect_warning(rxCleanupJobs(myJobs), "force")
    expect_output(rxCleanupJobs(myJobs, force = TRUE))
    expect_identical(rxGetJobStatus(job1), "missing")
  })
})
