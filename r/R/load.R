# SPDX-License-Identifier: Apache-2.0

.onLoad <- function(libname, pkgname) {
  .Call(errand_use_command, file.path(libname, pkgname, "bin", "errand"))
  session$installed <- as.numeric(file.mtime(file.path(libname, pkgname, "R")))
  session$env_command <- unname(Sys.which("env"))
  makeActiveBinding("rxgLastPendingJob", last_job, topenv())
  if (isNamespaceLoaded("future")) register_future_methods()
  setHook(packageEvent("future", "onLoad"), register_future_methods)
}
