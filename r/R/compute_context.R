# SPDX-License-Identifier: Apache-2.0

# The context in force in this session.
session <- new.env(parent = emptyenv())

rxSetComputeContext <- function(computeContext, ...) {
  before <- rxGetComputeContext()
  context <- RxComputeContext(computeContext, ...)
  session$context <- context
  .Call(errand_set_context, context_fields(context))
  invisible(before)
}

rxGetComputeContext <- function() {
  if (is.null(session$context)) {
    fields <- checked(.Call(errand_named_context, "default"))
    session$context <- context_of_fields(fields, "default")
  }
  session$context
}
