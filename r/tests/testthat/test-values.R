# SPDX-License-Identifier: Apache-2.0
values <- list(
  null = NULL, one = 1, na = NA_real_, nan = NaN, infinite = -Inf, whole = 7L, na_whole = NA_integer_,
  negative = -129L, largest = .Machine$integer.max, yes = TRUE, na_flag = NA, text = "caf\u00e9", na_text = NA_character_,
  empty_text = "", long_text = strrep("ab", 1e5), latin = iconv("caf\u00e9", "UTF-8", "latin1"),
  named = c(a = 1), raw = as.raw(0:255), complex = 1i, list = list(1, "b", list(NULL)),
  frame = data.frame(x = 1:3, y = letters[1:3]), factor = factor(c("u", "v")), when = as.POSIXct("2020-02-28", tz = "UTC"),
  call = quote(f(x)), symbol = quote(x), formula = as.formula("y ~ x", env = globalenv()), sequence = 1:1e6, large = runif(2e5), wide = matrix(runif(4e4), 200))

test_that("every value comes back as it was", {
  with_context(waiting(), {
    back <- rxExec(identity, rxElemArg(values), quote = TRUE)
    for (i in seq_along(values)) expect_identical(back[[i]], values[[i]], info = names(values)[[i]])
  })
})

test_that("a string keeps its encoding, and a compact sequence stays compact in the job", {
  with_context(waiting(), {
    back <- rxExec(identity, elemArgs = list(values$latin, values$text))
    expect_identical(Encoding(unlist(back)), c("latin1", "UTF-8"))
  })
  with_context(background(), {
    job <- rxExec(at_top_level(function() 1:1e8))
    rxWaitForJob(job)
    job_files <- list.files(file.path(job$place, "jobs", job$id), full.names = TRUE)
    expect_lt(sum(file.size(job_files)), 1e6)
    expect_identical(rxGetJobResults(job), list(1:1e8))
  })
})

test_that("environments, functions and S4 objects survive", {
  with_context(waiting(), {
    make <- function() {
      count <- 0
      function() count <<- count + 1
    }
    counter <- rxExec(function(f) { f(); f }, make())[[1L]]
    expect_equal(counter(), 2)
    shared <- rxExec(function() { e <- new.env(); list(e, e) })[[1L]]
    expect_identical(shared[[1L]], shared[[2L]])
    model <- rxExec(function(d) lm(dist ~ speed, d), cars)[[1L]]
    expect_equal(coef(model), coef(lm(dist ~ speed, cars)))
  })
})

test_that("MessagePack and raw bytes of other languages are read", {
  decode <- function(...) {
    bytes <- as.raw(c(...))
    value <- .Call(errand:::errand_decode, 2L, bytes)
    value
  }
  expect_identical(decode(0x07), 7L)
  expect_identical(decode(0xcf, rep(0xff, 8)), 2^64)
  expect_identical(decode(0xd3, rep(0xff, 8)), -1L)
  expect_identical(decode(0xca, 0x3f, 0x80, 0, 0), 1)
  expect_identical(decode(0xc2), FALSE)
  expect_identical(decode(0xa2, 0x68, 0x69), "hi")
  expect_identical(decode(0x93, 1, 2, 3), 1:3)
  expect_identical(decode(0x92, 1, 0xcb, 0x40, rep(0, 7)), c(1, 2))
  expect_identical(decode(0x92, 1, 0xa1, 0x61), list(1L, "a"))
  expect_identical(decode(0x82, 0xa1, 0x61, 1, 0xa1, 0x62, 0xc0), list(a = 1L, b = NULL))
  expect_identical(decode(0xc4, 2, 9, 8), as.raw(c(9, 8)))
  expect_identical(.Call(errand:::errand_decode, 1L, as.raw(1:3)), as.raw(1:3))
  expect_error(decode(0xa5, 0x68), "MessagePack")
  expect_error(decode(0xc1), "MessagePack|extension")
  expect_error(decode(0xdd, rep(0xff, 4)), "MessagePack")
  expect_error(.Call(errand:::errand_decode, 3L, as.raw(1)), "Python")
})

test_that("the command reads plain numbers and texts that R wrote", {
  command <- file.path(getNamespaceInfo("errand", "path"), "bin", "errand")
  with_context(background(), {
    job <- rxExec(identity, elemArgs = list(1.5, "word", TRUE))
    rxWaitForJob(job)
    told <- system2(command, c("results", job$id), stdout = TRUE, stderr = TRUE)
    expect_match(paste(told, collapse = "\n"), "1.5.*word.*true")
  })
})

test_that("R reads the jobs of programs", {
  command <- file.path(getNamespaceInfo("errand", "path"), "bin", "errand")
  id <- system2(command, c("exec", "--tasks", "2", "--", "sh", "-c", shQuote("echo said {index}")), stdout = TRUE)
  rxWaitForJob(id)
  expect_identical(rxGetJobResults(id, autoCleanup = FALSE), rep(list(c(exitCode = 0L, signal = 0L)), 2))
  expect_match(rxGetJobOutput(id), "said 0\nsaid 1")
  rxCleanupJobs(id, force = TRUE, verbose = FALSE)
})

test_that("a function that drags much along is warned of", {
  with_context(waiting(), {
    make <- at_top_level(function() {
      ballast <- runif(2e6)
      function() 1
    })
    f <- make()
    expect_warning(rxExec(f), "16.* MB.*ballast \\(16 MB\\)")
    expect_silent(rxExec(at_top_level(function() 1)))
    before <- options(errand.warnSize = 1e9)
    expect_silent(rxExec(f))
    options(before)
  })
})

test_that("what cannot be serialized is said at submission", {
  with_context(waiting(), {
    # External pointers and connections cross as empty shells, as everywhere in R; the task then says so.
    connection <- file(tempfile(), "w")
    on.exit(close(connection))
    results <- suppressWarnings(rxExec(function(to) isOpen(to), connection))
    expect_s3_class(results, "rxJobMessage")
  })
})

test_that("large vectors come back mapped, whole, and changeable", {
  large <- list(
    real = c(NA, NaN, runif(3e5)), whole = c(NA, 1L:3e5 + 0L), flags = rep(c(TRUE, NA), 2e5), raw = as.raw(rep(0:255, 5000)),
    matrix = matrix(runif(4e5), 400, dimnames = list(NULL, paste0("c", 1:1000))), when = Sys.time() + runif(2e5),
    factor = factor(sample(letters, 3e5, TRUE)), frame = data.frame(x = runif(2e5)), complex = complex(2e5, 1, 2),
    text = as.character(runif(1e5)))
  with_context(background(), {
    job <- rxExec(identity, rxElemArg(large))
    back <- finished_results(job)
    for (i in seq_along(large)) expect_identical(back[[i]], large[[i]], info = names(large)[[i]])
    real <- back[[1]]
    real[[1]] <- 5
    expect_identical(real[[1]], 5)
    expect_identical(back[[1]][-1], large[[1]][-1])
    expect_identical(sum(back[[2]], na.rm = TRUE), sum(large[[2]], na.rm = TRUE))
    expect_identical(unserialize(serialize(back[[5]], NULL)), large[[5]])
    expect_identical(dim(back[[5]] %*% t(back[[5]])), c(400L, 400L))
    path <- tempfile()
    saveRDS(back[[1]], path)
    expect_identical(readRDS(path), large[[1]])
  })
})

test_that("values of more than 2 GiB go there and back", {
  skip_if(Sys.getenv("ERRAND_HEAVY_TESTS") == "", "values of 2 GiB are for ./test --full")
  with_context(background(), {
    job <- rxExec(at_top_level(function(n) { x <- raw(n); x[[n]] <- as.raw(7); x }), 2^31 + 5)
    back <- finished_results(job)[[1]]
    expect_identical(length(back), 2^31 + 5)
    expect_identical(back[[2^31 + 5]], as.raw(7))
    job <- rxExec(at_top_level(function(x) list(length(x), x[[length(x)]], rev(x[1:3]), x)), back)
    again <- finished_results(job)[[1]]
    expect_identical(again[[1]], 2^31 + 5)
    expect_identical(again[[4]][[2^31 + 5]], as.raw(7))
  })
})
