# SPDX-License-Identifier: Apache-2.0
# The server that ERRAND_DATABASE names (tests/database/place-up), and launchpads on it, for the tests of both.

database <- Sys.getenv("ERRAND_DATABASE")
skip_without_database <- function() skip_if(!nzchar(database), "no database: see tests/database/place-up")

# The package may lie in somebody's closed home, where the users that tasks run as cannot load it.
skip_in_a_closed_folder <- function() {
  folder <- normalizePath(system.file(package = "errand"))
  while (folder != "/") {
    skip_if(bitwAnd(as.integer(file.mode(folder)), 1L) == 0L, paste("tasks' users may not enter", folder))
    folder <- dirname(folder)
  }
}

uri <- function(role = "alice") readLines(file.path(database, paste0(role, ".uri")))

# The same as the retired product's scripts have it.
odbc <- function(role = "alice") {
  parts <- regmatches(uri(role), regexec("//(.*):(.*)@(.*):([0-9]+)/(.*)$", uri(role)))[[1L]]
  sprintf("Driver={PostgreSQL Unicode};Server=%s,%s;Database=%s;UID=%s;PWD=%s", parts[[4L]], parts[[5L]], parts[[6L]],
          parts[[2L]], parts[[3L]])
}

# Also of a process that nobody has waited for yet.
has_ended <- function(pid) {
  stat <- tryCatch(suppressWarnings(readLines(sprintf("/proc/%d/stat", pid))), error = function(e) NULL)
  is.null(stat) || any(grepl(") Z ", stat, fixed = TRUE))
}

errand_command <- function() system.file("bin", "errand", package = "errand")

# A launchpad, not started yet: as root with so many of the workers' identities (others stay for a launchpad that
# somebody else runs here), else for alice alone.
new_launchpad <- function(workers = 2, identities = 2) {
  pad <- new.env()
  pad$folder <- tempfile("errand-launchpad-", "/tmp")
  dir.create(pad$folder, mode = "0755")  # its workers are other users
  alone <- if (Sys.info()[["effective_user"]] == "root") paste("--identities", identities) else "--role alice"
  # With this process it ends, however that ends: one that stayed would keep the workers' users from every test
  # after it.
  bound <- if (nzchar(Sys.which("setpriv"))) "setpriv --pdeathsig TERM" else ""
  launchpad <- sprintf("'%s' launchpad --database '%s' --scratch '%s/jobs' --workers %d %s", errand_command(),
                       uri("launchpad"), pad$folder, workers, alone)
  pad$command <- sprintf("echo $$ >'%s/pid'; exec %s %s", pad$folder, bound, launchpad)
  pad
}

launchpad_log <- function(pad) paste(readLines(file.path(pad$folder, "log")), collapse = "\n")

# Returns when it serves. The launchpad of a test that has just ended may need a moment to give the workers' users up,
# or another one is at work.
start_launchpad <- function(pad, patience = 30) {
  last_try <- Sys.time() + patience
  while (is.null(pad$process)) {
    spawn_launchpad(pad)
    said <- launchpad_log(pad)
    if (!has_ended(pad$pid)) return(invisible(pad))
    stop_launchpad(pad)
    if (!grepl("is there and free", said) || Sys.time() > last_try) stop("no launchpad serves: ", said)
    Sys.sleep(0.2)
  }
  invisible(pad)
}

# As a child of R itself, which the shell of system() would not be. Returns when it serves or has ended.
spawn_launchpad <- function(pad) {
  log <- file.path(pad$folder, "log")
  file.create(log)
  pad$process <- pipe(sprintf("exec >'%s' 2>&1; %s", log, pad$command), "r")
  pid_file <- file.path(pad$folder, "pid")
  eventually(function() file.exists(pid_file) && length(readLines(pid_file)) == 1L)
  pad$pid <- as.integer(readLines(pid_file))
  unlink(pid_file)
  eventually(function() grepl("serves", launchpad_log(pad)) || has_ended(pad$pid))
}

# Returns when it has ended: its jobs are handed back.
stop_launchpad <- function(pad) {
  if (is.null(pad$process)) return(invisible())
  tools::pskill(pad$pid)
  close(pad$process)
  pad$process <- NULL
}

remove_launchpad <- function(pad) {
  stop_launchpad(pad)
  unlink(pad$folder, recursive = TRUE)
}

with_launchpad <- function(code) {
  pad <- new_launchpad()
  on.exit(remove_launchpad(pad))
  start_launchpad(pad)
  force(code)
}
