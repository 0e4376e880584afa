# SPDX-License-Identifier: Apache-2.0

.onAttach <- function(libname, pkgname) {
  packageStartupMessage("This is errand under the name of RevoScaleR: its job functions, and nothing else of it.")
}
