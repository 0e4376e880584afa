# SPDX-License-Identifier: Apache-2.0
draws <- function(...) unlist(rxExec(function() runif(1), ...))

expected_draws <- function(seed, n) {
  kept <- errand:::keep_random_state()
  on.exit(errand:::restore_random_state(kept))
  set.seed(seed, kind = "L'Ecuyer-CMRG", normal.kind = "Inversion", sample.kind = "Rejection")
  stream <- get(".Random.seed", globalenv())
  vapply(seq_len(n), function(i) {
    if (i > 1) stream <<- parallel::nextRNGStream(stream)
    assign(".Random.seed", stream, envir = globalenv())
    runif(1)
  }, 0)
}

test_that("stream i is i applications of nextRNGStream", {
  expected <- expected_draws(42, 50)
  for (context in list(RxLocalSeq(), waiting())) {
    with_context(context, expect_identical(draws(timesToRun = 50, RNGseed = 42), expected))
  }
  first <- errand:::first_stream(42)
  expect_identical(errand:::stream_of_task(first, 0), first)
  jumped <- Reduce(function(s, i) parallel::nextRNGStream(s), 1:1000, first)
  expect_identical(errand:::stream_of_task(first, 1000), jumped)
})

test_that("the documented vectors hold", {
  vector <- function(index) {
    kept <- errand:::keep_random_state()
    on.exit(errand:::restore_random_state(kept))
    assign(".Random.seed", errand:::stream_of_task(errand:::first_stream(42), index), envir = globalenv())
    sprintf("%.15f", runif(2))
  }
  documented <- list("0" = c("0.173845584541532", "0.554740096765091"), "1" = c("0.868499980226158", "0.101751129414010"), "10000000" = c("0.077195787117054", "0.438285480291438"))
  for (index in names(documented)) expect_identical(vector(as.numeric(index)), documented[[index]])
})

test_that("results do not depend on workers or chunks, and the caller's stream is untouched", {
  set.seed(1)
  before <- .Random.seed
  reference <- with_context(waiting(), draws(timesToRun = 200, RNGseed = 777))
  for (cores in c(1, 7)) {
    for (chunk in list(NULL, 1, 50)) {
      context <- RxLocalParallel(cores = cores)
      got <- with_context(context, draws(timesToRun = 200, RNGseed = 777, taskChunkSize = chunk))
      expect_identical(got, reference)
    }
  }
  expect_identical(with_context(RxLocalSeq(), draws(timesToRun = 200, RNGseed = 777)), reference)
  expect_identical(.Random.seed, before)
  rm(".Random.seed", envir = globalenv())
  with_context(RxLocalSeq(), draws(timesToRun = 2, RNGseed = 777))
  expect_false(exists(".Random.seed", envir = globalenv(), inherits = FALSE))
})

test_that("without a seed every task draws differently", {
  with_context(waiting(), {
    expect_identical(anyDuplicated(draws(timesToRun = 1000, taskChunkSize = 10)), 0L)
    expect_false(identical(draws(timesToRun = 5), draws(timesToRun = 5)))
  })
})

test_that("the original's kinds are accepted, with one message; auto seeds are random and recorded", {
  with_context(waiting(), {
    assign("told_of_kinds", NULL, envir = errand:::session)
    expect_message(a <- draws(timesToRun = 3, RNGseed = 5, RNGkind = "MT2203"), "MT2203")
    expect_no_message <- function(code) expect_message(code, NA)
    expect_no_message(b <- draws(timesToRun = 3, RNGseed = 5, RNGkind = "MCG59"))
    expect_identical(a, b)
    expect_identical(draws(timesToRun = 3, RNGseed = 5, RNGkind = "L'Ecuyer-CMRG"), a)
    expect_false(identical(draws(timesToRun = 3, RNGseed = "auto"), draws(timesToRun = 3, RNGkind = "auto")))
  })
  job <- with_context(background(), rxExec(runif, 1, RNGseed = "auto"))
  seed <- .Call(errand:::errand_info, errand:::job_key(job))$seed
  drawn <- finished_results(job)
  expect_identical(with_context(waiting(), rxExec(runif, 1, RNGseed = seed)), drawn)
})

test_that("negative seeds are R's", {
  expect_identical(with_context(waiting(), draws(timesToRun = 3, RNGseed = -5)), expected_draws(-5, 3))
})
