# SPDX-License-Identifier: Apache-2.0
# The package's library and, in bin/, the errand command: the agent that runs the jobs is a process of it.
libraries <- file.path(R_PACKAGE_DIR, paste0("libs", R_ARCH))
dir.create(libraries, recursive = TRUE, showWarnings = FALSE)
file.copy(Sys.glob(paste0("*", SHLIB_EXT)), libraries, overwrite = TRUE)
programs <- file.path(R_PACKAGE_DIR, "bin")
dir.create(programs, recursive = TRUE, showWarnings = FALSE)
file.copy(readLines("errand_command"), file.path(programs, "errand"), overwrite = TRUE, copy.mode = TRUE)
