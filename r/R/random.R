# SPDX-License-Identifier: Apache-2.0

# With a seed every task has a stream of its own: L'Ecuyer-CMRG, set.seed(seed), and for task i (from 0)
# i applications of nextRNGStream, done by matrix powers.
original_kinds <- c("MT2203", "MCG31", "R250", "MRG32K3A", "MCG59", "MT19937", "SFMT19937", "SOBOL", "NIEDERR")

# The seed that RNGseed and RNGkind ask for; NULL: none.
exec_seed <- function(RNGseed, RNGkind) {
  if (!is.null(RNGkind)) check_kind(RNGkind)
  if (is.null(RNGseed)) return(if (is.null(RNGkind)) NULL else random_seed())
  if (identical(RNGseed, "auto")) return(random_seed())
  if (!is.numeric(RNGseed) || length(RNGseed) != 1L || is.na(RNGseed) || abs(RNGseed) > .Machine$integer.max) {
    stop("RNGseed is NULL, \"auto\" or one integer", call. = FALSE)
  }
  as.integer(RNGseed)
}

check_kind <- function(kind) {
  if (!is.character(kind) || length(kind) != 1L || !kind %in% c("auto", "L'Ecuyer-CMRG", original_kinds)) {
    stop("RNGkind is NULL, \"auto\", \"L'Ecuyer-CMRG\" or one of ", paste(original_kinds, collapse = ", "),
         call. = FALSE)
  }
  if (kind %in% original_kinds && is.null(session$told_of_kinds)) {
    session$told_of_kinds <- TRUE
    message("RNGkind \"", kind, "\": errand gives every task its own stream of L'Ecuyer-CMRG instead.")
  }
}

# From the operating system: the caller's own stream of random numbers is not touched.
random_seed <- function() {
  bytes <- file("/dev/urandom", "rb", raw = TRUE)
  on.exit(close(bytes))
  bitwAnd(readBin(bytes, "integer", 1L), .Machine$integer.max)
}

# .Random.seed of task 0.
first_stream <- function(seed) {
  kept <- keep_random_state()
  on.exit(restore_random_state(kept))
  set.seed(seed, kind = "L'Ecuyer-CMRG", normal.kind = "Inversion", sample.kind = "Rejection")
  get(".Random.seed", envir = globalenv())
}

stream_of_task <- function(first, index) .Call(errand_stream, first, as.numeric(index))

keep_random_state <- function() {
  list(seed = globalenv()[[".Random.seed"]], kind = RNGkind())
}

restore_random_state <- function(kept) {
  if (!is.null(kept$seed)) {
    assign(".Random.seed", kept$seed, envir = globalenv())
  } else {
    do.call(RNGkind, as.list(kept$kind))
    rm(list = ".Random.seed", envir = globalenv())
  }
}
