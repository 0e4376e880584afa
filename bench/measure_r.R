# SPDX-License-Identifier: Apache-2.0
# usage: Rscript bench/measure_r.R [--quick] [--share-dir FOLDER] [--peers]
# Figures of the R package, one JSON object a line. The package is the installed one. With --peers, the
# same work by parallel, batchtools, future, mirai and clustermq as far as they are installed.
suppressPackageStartupMessages(library(errand))

words <- commandArgs(trailingOnly = TRUE)
quick <- "--quick" %in% words
below <- if ("--share-dir" %in% words) words[[match("--share-dir", words) + 1L]] else tempdir()
folder <- tempfile("measure_r.", tmpdir = below)
dir.create(folder, recursive = TRUE)
Sys.setenv(XDG_STATE_HOME = file.path(folder, "state"), ERRAND_SHARE_DIR = file.path(folder, "share"))
cores <- 2

now <- function() as.numeric(Sys.time())
elapsed <- function(code) {
  begin <- now()
  force(code)
  now() - begin
}
at_top_level <- function(f) {
  environment(f) <- globalenv()
  f
}
times <- function(n) if (quick) min(n, 3L) else n

report <- function(figure, value, unit, target = NULL, met = NULL, floor = NULL, floor_name = NULL) {
  text <- function(x) encodeString(x, quote = "\"")
  fields <- c(figure = text(figure), value = format(value, digits = 6), unit = text(unit),
              floor = if (!is.null(floor)) format(floor, digits = 6),
              floor_name = if (!is.null(floor)) text(floor_name), target = if (!is.null(target)) text(target),
              met = if (!is.null(met)) tolower(met))
  cat("{", paste0("\"", names(fields), "\": ", fields, collapse = ", "), "}\n", sep = "")
}

skip <- function(figure, why) message("left out: ", figure, ": ", why)

background <- function() RxLocalParallel(wait = FALSE, cores = cores)
trivial <- at_top_level(function(i) i)
fetch <- function(job) {
  rxWaitForJob(job)
  rxGetJobResults(job)
}

stop_agents <- function() {
  for (info in Sys.glob(file.path(folder, "share*", "agents", "*", "info"))) {
    tools::pskill(as.integer(sub(" .*", "", readLines(info, n = 1L, warn = FALSE))))
  }
}

# ---- errand ----------------------------------------------------------------------------------------------

# Until what was fetched before is unlinked and its blocks are given back: that is not part of the next trip.
settle <- function() {
  while (length(list.files(file.path(folder, "share", "trash"))) > 0L) Sys.sleep(0.01)
  system2("sync")
  Sys.sleep(0.3)
}

measure_round_trip <- function() {
  cold <- vapply(seq_len(times(7L)), function(i) {
    rxSetComputeContext(background(), shareDir = file.path(folder, paste0("share-", i)))
    seconds <- elapsed(fetch(rxExec(trivial, 1)))
    seconds
  }, 0)
  report("R: submit, wait, results; no agent yet", median(cold) * 1e3, "ms", "<= 400 ms", median(cold) <= 0.4)
  stop_agents()
  settle()
  rxSetComputeContext(background())
  for (i in 1:5) fetch(rxExec(trivial, 1))
  warm <- vapply(seq_len(times(200L)), function(i) elapsed(fetch(rxExec(trivial, 1))), 0)
  fork <- vapply(seq_len(times(50L)), function(i) elapsed(parallel::mccollect(parallel::mcparallel(1))), 0)
  report("R: submit, wait, results; warm, durable", median(warm) * 1e3, "ms", "<= 6 ms", median(warm) <= 0.006,
         median(fork) * 1e3, "parallel::mcparallel, in memory only")
  report("R: the same, the fastest tenth", stats::quantile(warm, 0.1)[[1]] * 1e3, "ms")
}

measure_many <- function(n, target, rounds) {
  seconds <- vapply(seq_len(times(rounds)), function(i) {
    elapsed({
      results <- fetch(rxExec(trivial, rxElemArg(seq_len(n))))
      stopifnot(length(results) == n, identical(results[[n]], as.integer(n)))
    })
  }, 0)
  floor <- median(vapply(seq_len(times(3L)), function(i) elapsed(lapply(seq_len(n), trivial)), 0))
  rate <- n / median(seconds)
  report(sprintf("R: %s trivial tasks to results in the list", format(n, big.mark = ",", scientific = FALSE)), rate,
         "tasks/s", sprintf(">= %s tasks/s", format(target, big.mark = ",", scientific = FALSE)), rate >= target,
         n / floor, "lapply in this session")
}

measure_large_value <- function() {
  n <- if (quick) 1e6 else 12.5e6
  megabytes <- n * 8 / 1e6
  make <- at_top_level(function(n) numeric(n))
  make(n)
  once <- function() {
    settle()
    begin <- now()
    job <- rxExec(make, n)
    rxWaitForJob(job)
    ready <- now()
    value <- rxGetJobResults(job)[[1L]]
    done <- now()
    stopifnot(length(value) == n, sum(value) == 0)
    c(megabytes / (done - begin), megabytes / (done - ready))
  }
  once()
  rates <- vapply(seq_len(times(9L)), function(i) { gc(); once() }, c(0, 0))
  x <- numeric(n)
  copy <- megabytes / median(vapply(1:5, function(i) elapsed(x + 1), 0))
  report("R: a 100 MB vector, results in hand once it is there", median(rates[2, ]), "MB/s", ">= 2,000 MB/s",
         median(rates[2, ]) >= 2000, copy, "x + 1")
  report("R: a 100 MB vector, submit to in hand", median(rates[1, ]), "MB/s", ">= 500 MB/s", median(rates[1, ]) >= 500,
         copy, "x + 1")
}

measure_status <- function() {
  job <- rxExec(trivial, rxElemArg(1:1000))
  rxWaitForJob(job)
  settled <- vapply(seq_len(times(200L)), function(i) elapsed(rxGetJobStatus(job)), 0)
  rxGetJobResults(job)
  job <- rxExec(at_top_level(function(i) Sys.sleep(0.01)), rxElemArg(1:1000))
  Sys.sleep(0.3)
  running <- vapply(seq_len(times(100L)), function(i) elapsed(rxGetJobStatus(job)), 0)
  rxCancelJob(job)
  report("R: status of a job with 1,000 tasks, settled", median(settled) * 1e3, "ms", "<= 1 ms", median(settled) <= 1e-3)
  report("R: status of a job with 1,000 tasks, running", median(running) * 1e3, "ms", "<= 1 ms", median(running) <= 1e-3)
}

# ---- others ----------------------------------------------------------------------------------------------

one_value <- function(n) numeric(n)
large_n <- if (quick) 1e6 else 12.5e6

peer <- function(package, what, code) {
  if (!requireNamespace(package, quietly = TRUE)) return(skip(what, paste("no package", package)))
  tryCatch(code(), error = function(e) skip(what, conditionMessage(e)))
}

many_rate <- function(name, n, run) {
  seconds <- median(vapply(seq_len(times(3L)), function(i) elapsed(run(seq_len(n))), 0))
  report(sprintf("%s: %s trivial tasks", name, format(n, big.mark = ",", scientific = FALSE)), n / seconds, "tasks/s")
}

value_rate <- function(name, run) {
  seconds <- median(vapply(seq_len(times(3L)), function(i) elapsed(run(large_n)), 0))
  report(paste0(name, ": a 100 MB vector"), large_n * 8 / 1e6 / seconds, "MB/s")
}

trip <- function(name, run, n = 20L) {
  report(paste0(name, ": one trivial function"), median(vapply(seq_len(times(n)), function(i) elapsed(run()), 0)) * 1e3, "ms")
}

measure_parallel <- function() peer("parallel", "parallel", function() {
  trip("parallel, mcparallel", function() parallel::mccollect(parallel::mcparallel(1)))
  many_rate("parallel, mclapply", 10000, function(x) parallel::mclapply(x, trivial, mc.cores = cores))
  value_rate("parallel, mclapply", function(n) parallel::mclapply(rep(n, 1), one_value, mc.cores = cores))
  cluster <- parallel::makePSOCKcluster(cores)
  on.exit(parallel::stopCluster(cluster))
  trip("parallel, PSOCK", function() parallel::clusterCall(cluster[1], function() 1))
  many_rate("parallel, PSOCK parLapply", 10000, function(x) parallel::parLapply(cluster, x, trivial))
  value_rate("parallel, PSOCK", function(n) parallel::clusterCall(cluster[1], one_value, n))
})

measure_batchtools <- function() peer("batchtools", "batchtools", function() {
  options(batchtools.progress = FALSE, batchtools.verbose = FALSE)
  run <- function(x, FUN, compress = TRUE, chunks = NULL) {
    path <- tempfile("registry", tmpdir = folder)
    registry <- batchtools::makeRegistry(path, make.default = FALSE)
    on.exit(unlink(path, recursive = TRUE))
    registry$compress <- compress
    registry$cluster.functions <- batchtools::makeClusterFunctionsMulticore(cores)
    ids <- batchtools::batchMap(FUN, x, reg = registry)
    if (!is.null(chunks)) ids$chunk <- batchtools::chunk(ids$job.id, n.chunks = chunks)
    batchtools::submitJobs(ids, reg = registry)
    batchtools::waitForJobs(sleep = 0.01, reg = registry)
    batchtools::reduceResultsList(reg = registry)
  }
  trip("batchtools, Multicore, polled every 10 ms", function() run(1, trivial), 5L)
  n <- if (quick) 100 else 1000
  report(sprintf("batchtools, Multicore, 8 chunks: %d trivial tasks", n), n / elapsed(run(seq_len(n), trivial, chunks = 8)),
         "tasks/s")
  value_rate("batchtools, gzip", function(n) run(n, one_value))
  value_rate("batchtools, not compressed", function(n) run(n, one_value, compress = FALSE))
})

measure_future <- function() peer("future", "future", function() {
  before <- future::plan(future::multisession, workers = cores)
  on.exit(future::plan(before))
  options(future.globals.maxSize = Inf)
  trip("future, multisession", function() future::value(future::future(1)))
  value_rate("future, multisession", function(n) future::value(future::future(numeric(n), globals = list(n = n))))
  if (!requireNamespace("future.apply", quietly = TRUE)) return(skip("future_lapply", "no package future.apply"))
  many_rate("future_lapply, multisession", 10000, function(x) future.apply::future_lapply(x, trivial))
})

measure_foreach <- function() peer("doParallel", "foreach, doParallel", function() {
  doParallel::registerDoParallel(cores = cores)
  `%dopar%` <- foreach::`%dopar%`
  many_rate("foreach, doParallel", 10000, function(x) foreach::foreach(i = x) %dopar% trivial(i))
  registerDoErrand(background())
  many_rate("foreach, errand", 10000, function(x) foreach::foreach(i = x) %dopar% trivial(i))
  foreach::registerDoSEQ()
})

measure_mirai <- function() peer("mirai", "mirai", function() {
  mirai::daemons(cores)
  on.exit(mirai::daemons(0))
  trip("mirai", function() mirai::call_mirai(mirai::mirai(1))$data)
  many_rate("mirai_map", 10000, function(x) mirai::mirai_map(x, trivial)[])
})

measure_clustermq <- function() peer("clustermq", "clustermq", function() {
  options(clustermq.scheduler = "multiprocess")
  many_rate("clustermq", 10000, function(x) clustermq::Q(trivial, i = x, n_jobs = cores, verbose = FALSE))
})

measure_round_trip()
measure_many(if (quick) 1000 else 10000, 200000, 9L)
measure_many(if (quick) 2000 else 1000000, 250000, 3L)
measure_large_value()
measure_status()
if ("--peers" %in% words) {
  measure_parallel()
  measure_batchtools()
  measure_future()
  measure_foreach()
  measure_mirai()
  measure_clustermq()
}
stop_agents()
unlink(folder, recursive = TRUE)
