# SPDX-License-Identifier: Apache-2.0
# Jobs of the tests live in a place of their own, and so does everything that a user would find again.
place <- tempfile("errand-tests-")
dir.create(place)
kept_variables <- Sys.getenv(c("XDG_STATE_HOME", "XDG_CONFIG_HOME", "ERRAND_SHARE_DIR"), NA, names = TRUE)
Sys.setenv(XDG_STATE_HOME = file.path(place, "state"), XDG_CONFIG_HOME = file.path(place, "config"),
           ERRAND_SHARE_DIR = file.path(place, "share"))

teardown_place <- function() {
  infos <- Sys.glob(file.path(place, "share*", "agents", "*", "info"))
  for (info in infos) {
    pid <- as.integer(sub(" .*", "", readLines(info, n = 1L, warn = FALSE)))
    if (!is.na(pid)) tools::pskill(pid)
  }
  unlink(place, recursive = TRUE)
  present <- kept_variables[!is.na(kept_variables)]
  if (length(present)) do.call(Sys.setenv, as.list(present))
  Sys.unsetenv(names(kept_variables)[is.na(kept_variables)])
}
