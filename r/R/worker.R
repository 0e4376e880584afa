# SPDX-License-Identifier: Apache-2.0

# The command that becomes a worker. R's front end script is told everything, so that no profile of the
# user can print, seed or slow it; the libraries come with the job.
worker_command <- function(context = NULL) {
  program <- if (is(context, "RxDistributedHpa")) program_in(context@revoPath)
  code <- sprintf("library(errand,lib.loc=%s);errand:::run_workers(%.0f)", quoted_text(dirname(installed_at())),
                  session$installed)
  c(worker_settings(), if (is.null(program)) file.path(R.home("bin"), "R") else program, "--no-echo", "--no-restore", "--no-save",
    "--no-init-file", no_early_collection, "-e", code)
}

# So much that R collects no garbage before workers are forked: a collection leaves gaps all over the
# memory, and a forked process pays for every page in which it fills one first.
no_early_collection <- c("--min-nsize=2M", "--min-vsize=64M")

# OpenBLAS starts its threads when R starts, and a process with threads cannot be forked. Unless somebody
# said how many there shall be, a worker has one: there are as many workers as cores.
# The C library may ask for huge pages: a vector of 100 MB is 25,000 page faults without them.
worker_settings <- function() {
  settings <- c(if (!nzchar(Sys.getenv("OPENBLAS_NUM_THREADS"))) "OPENBLAS_NUM_THREADS=1",
                if (!nzchar(Sys.getenv("GLIBC_TUNABLES"))) huge_pages)
  if (length(settings)) c(session$env_command, settings)
}

huge_pages <- "GLIBC_TUNABLES=glibc.malloc.hugetlb=1"

# As R code without spaces or quotes that the front end's shell script could take for its own.
quoted_text <- function(text) sprintf("rawToChar(as.raw(c(%s)))", paste0("0x", charToRaw(text), collapse = ","))

installed_at <- function() getNamespaceInfo(asNamespace("errand"), "path")

# `installed`: only makes the command another one when the package was installed anew, so that no worker is
# forked from a process that has the old one loaded.
run_workers <- function(installed) {
  leave <- quit
  # The C library has read it; what tasks start is none of its business.
  if (identical(paste0("GLIBC_TUNABLES=", Sys.getenv("GLIBC_TUNABLES")), huge_pages)) Sys.unsetenv("GLIBC_TUNABLES")
  warm_up()
  code <- .Call(errand_run_workers)
  leave("no", status = code, runLast = FALSE)
}

# R reads a package's functions from disk when they are first used, and its compiler likewise: all of that
# is done once, before workers are forked, by doing with a job of no meaning what a worker does with one.
warm_up <- function() {
  compiler::cmpfun(function(x) x)
  for (name in ls(asNamespace("errand"), all.names = TRUE)) get(name, envir = asNamespace("errand"))
  prepared <- worker_prepare(list(rehearsal(), "", 1))
  eval(prepared$call, prepared$environment)
  tryCatch(stop("rehearsed"), error = worker_error)
  worker_end(NULL)  # its temporary directory: every worker makes one of its own
}

# In a worker whose job is not there yet: what a job does once more, so that the pages it writes to are this
# process's own. Without a temporary directory: a worker that never gets a job is killed, and would leave it.
worker_rehearse <- function(nothing) {
  prepared <- prepared_call(rehearsal())
  eval(prepared$call, prepared$environment)
  NULL
}

# Called in a worker before its first task with list(payload, packages of the context, seed or -1).
worker_prepare <- function(job) {
  payload <- job[[1L]]
  tempdir(check = TRUE)
  if (!identical(payload$libraries, .libPaths())) .libPaths(payload$libraries)
  catch_quit()
  options(warn = if (payload$warn >= 2 || payload$warn < 0) payload$warn else 1, keep.source = FALSE)
  load_packages(c(strsplit(job[[2L]], "\n", fixed = TRUE)[[1L]], payload$packages))
  prepared <- prepared_call(payload)
  prepared$seed <- if (job[[3L]] >= 0) first_stream(signed_seed(job[[3L]]))
  if (is.null(prepared$seed)) prepared["seed"] <- list(NULL)
  prepared
}

# The payload of a job that does nothing.
rehearsal <- function() {
  FUN <- function(x, y) x
  environment(FUN) <- globalenv()
  call <- list(FUN = FUN, name = "rehearsed", arguments = list(1, "a"), places = integer(), spread = FALSE,
               quote = FALSE, names = NULL)
  unserialize(serialize(payload_of(call, list(), NULL), NULL, xdr = FALSE))
}

signed_seed <- function(seed) as.integer(if (seed > .Machine$integer.max) seed - 2^32 else seed)

load_packages <- function(packages) {
  for (package in unique(packages[nzchar(packages)])) {
    suppressPackageStartupMessages(library(package, character.only = TRUE))
  }
}

# The call that every task evaluates, with holes for what differs: list(call, environment, places, spread,
# quote). Places are counted from the call's head.
prepared_call <- function(payload) {
  where <- new.env(parent = globalenv())
  FUN <- payload$FUN
  put_objects(payload$objects, FUN, where)
  assign(payload$name, FUN, envir = where)
  arguments <- payload$arguments
  if (payload$quote) arguments <- lapply(arguments, quoted_argument)
  list(call = as.call(c(as.name(payload$name), arguments)), environment = where,
       places = as.integer(payload$places), spread = payload$spread, quote = payload$quote)
}

quoted_argument <- function(x) if (is.language(x) && !is.expression(x)) call("quote", x) else x

put_objects <- function(objects, FUN, where) {
  target <- if (is.primitive(FUN)) where else environment(FUN)
  if (environmentIsLocked(target)) target <- where
  for (name in names(objects)) assign(name, objects[[name]], envir = target)
}

# quit() ends the task, not the worker: it could not say why, and its other tasks would be run again.
catch_quit <- function() {
  caught <- function(save = "default", status = 0, runLast = TRUE) {
    .Call(errand_note_quit, as.integer(status))
    invokeRestart("abort")
  }
  .Call(errand_catch_quit, caught)
}

worker_end <- function(ignored) {
  unlink(tempdir(), recursive = TRUE)
  NULL
}

most_condition_bytes <- 65536

# Called where an error happened: what is recorded of it.
worker_error <- function(condition) {
  calls <- sys.calls()  # of an overflown stack nothing is left, and this is called again from the top
  while (sink.number() > 0L) sink()
  native <- serialize(condition, NULL, xdr = FALSE)
  if (length(native) > most_condition_bytes) native <- serialize(smaller_condition(condition), NULL, xdr = FALSE)
  list(type = class(condition)[[1L]], message = tryCatch(conditionMessage(condition), error = function(e) ""),
       traceback = traceback_text(calls), native = native)
}

# The call of an error may hold the task's whole arguments.
smaller_condition <- function(condition) {
  call <- conditionCall(condition)
  if (!is.null(call)) condition$call <- str2lang(paste0(as.character(call[[1L]])[[1L]], "(...)"))
  if (object.size(condition) > 16 * most_condition_bytes) {
    condition <- structure(class = class(condition), list(message = conditionMessage(condition), call = NULL))
  }
  condition
}

# From the task's function to what raised the error, without our own handler.
traceback_text <- function(calls) {
  lines <- vapply(own_calls(calls), function(call) {
    text <- deparse(call, width.cutoff = 80L, nlines = 1L)
    if (nchar(text) > 100L) paste0(substr(text, 1L, 97L), "...") else text
  }, "")
  paste0(rev(seq_along(lines)), ": ", rev(lines), collapse = "\n")
}

handler_names <- c("worker_error", "h", ".handleSimpleError", ".signalSimpleWarning")

# errand:::run_workers, as worker_command() writes it.
entry_point <- call(":::", as.name("errand"), as.name("run_workers"))

own_calls <- function(calls) {
  is_ours <- vapply(calls, function(call) identical(call[[1L]], entry_point), NA)
  calls <- calls[seq_along(calls) > max(c(0L, which(is_ours)))]
  is_handler <- function(call) is.function(call[[1L]]) || (is.symbol(call[[1L]]) && as.character(call[[1L]]) %in% handler_names)
  while (length(calls) && is_handler(calls[[length(calls)]])) calls <- calls[-length(calls)]
  calls
}
