# SPDX-License-Identifier: Apache-2.0

# The generators. An object as first argument is copied and modified; arguments that are not given stay as
# they are in it, or as the configuration file has them.
RxLocalSeq <- function(object, dataPath = NULL, outDataPath = NULL, ...) {
  generate("RxLocalSeq", "local", object, dataPath, outDataPath, list(...))
}

RxLocalParallel <- function(object, dataPath = NULL, outDataPath = NULL, ...) {
  generate("RxLocalParallel", "localpar", object, dataPath, outDataPath, list(...))
}

RxForeachDoPar <- function(object, dataPath = NULL, outDataPath = NULL, ...) {
  generate("RxForeachDoPar", "localpar", object, dataPath, outDataPath, list(...))
}

RxComputeContext <- function(computeContext, ...) {
  if (is_context(computeContext)) return(modified(without_password(computeContext), list(...)))
  if (!is.character(computeContext) || length(computeContext) != 1L) {
    stop("computeContext is neither a name nor a compute context")
  }
  class <- context_class(computeContext)
  if (!is.null(class)) return(get(class, mode = "function")(...))
  fields <- .Call(errand_named_context, computeContext)
  if (is_failure(fields, "not_found")) stop(unknown_context(computeContext))
  modified(context_of_fields(checked(fields), computeContext), list(...))
}

context_class <- function(name) {
  known <- c(local = "RxLocalSeq", localseq = "RxLocalSeq", rxlocalseq = "RxLocalSeq",
             localpar = "RxLocalParallel", localparallel = "RxLocalParallel", rxlocalparallel = "RxLocalParallel",
             dopar = "RxForeachDoPar", rxforeachdopar = "RxForeachDoPar",
             slurm = "RxSlurm", rxslurm = "RxSlurm", hpcserver = "RxHpcServer", rxhpcserver = "RxHpcServer",
             gridengine = "RxGridEngine", sge = "RxGridEngine", rxgridengine = "RxGridEngine",
             lsf = "RxLsfCluster", lsfcluster = "RxLsfCluster", rxlsfcluster = "RxLsfCluster",
             sqlserver = "RxInSqlServer", rxinsqlserver = "RxInSqlServer", indatabase = "RxInSqlServer",
             database = "RxInSqlServer")
  found <- known[tolower(name)]
  if (is.na(found)) NULL else unname(found)
}

unknown_context <- function(name) {
  named <- .Call(errand_context_names)
  if (inherits(named, "errand_failure")) named <- c("local", "localpar")
  # Something like a connection string is not repeated: it may hold a password.
  what <- if (grepl("=|://", name)) "no such compute context" else sprintf("no compute context \"%s\"", name)
  sprintf("there is %s; there are: %s", what, paste(c(named, "dopar"), collapse = ", "))
}

generate <- function(class, name, object, dataPath, outDataPath, settings) {
  context <- context_of_fields(checked(.Call(errand_named_context, name)), name, class)
  if (!missing(object)) context <- copied(object, context)
  if (!is.null(dataPath)) context@dataPath <- dataPath
  if (!is.null(outDataPath)) context@outDataPath <- outDataPath
  modified(context, settings)
}

context_of_fields <- function(fields, name, class = NULL) {
  if (is.null(class)) class <- class_of_fields(fields)
  do.call(new, c(list(class, description = name, engine = fields$engine), fields[core_fields]))
}

class_of_fields <- function(fields) {
  cluster <- c(slurm = "RxSlurm", gridengine = "RxGridEngine", lsf = "RxLsfCluster",
               database = "RxInSqlServer")
  if (fields$engine %in% names(cluster)) return(cluster[[fields$engine]])
  if (fields$sequential) "RxLocalSeq" else "RxLocalParallel"
}

# Every slot of `object` that the new context has, too, but what makes it another one. The options of one
# engine are none of another's.
copied <- function(object, context) {
  if (!is_context(object)) stop("object is not a compute context")
  object <- without_password(object)
  own <- c("description", "engine", if (object@engine != context@engine) "engineOptions")
  for (name in setdiff(intersect(slotNames(object), slotNames(context)), own)) {
    slot(context, name) <- slot(object, name)
  }
  context
}

modified <- function(context, settings) {
  if (!length(settings)) return(context)
  given <- names(settings)
  if (is.null(given) || !all(nzchar(given))) stop("the settings of a compute context have to be named")
  if (is(context, "RxDistributedHpa")) {
    context <- with_cluster_settings(context, settings)
    settings <- settings[!is_cluster_setting(context, given)]
    given <- names(settings)
  }
  if (is(context, "RxInSqlServer")) {
    context <- with_database_settings(context, settings)
    settings <- in_context_words(settings)
    given <- names(settings)
  }
  if ("numCoresToUse" %in% given) given[given == "numCoresToUse"] <- "cores"
  unknown <- setdiff(given, setdiff(slotNames(context), c("description", "engine")))
  if (length(unknown)) {
    stop("a compute context has no setting ", paste(unknown, collapse = ", "), "; it has: ",
         paste(setdiff(slotNames(context), c("description", "engine")), collapse = ", "))
  }
  for (i in seq_along(given)) slot(context, given[[i]]) <- setting(context, given[[i]], settings[[i]])
  context
}

setting <- function(context, name, value) {
  now <- slot(context, name)
  if (is.logical(now)) {
    if (!is.logical(value) || length(value) != 1L || is.na(value)) stop(name, " is TRUE or FALSE")
    return(value)
  }
  if (is.numeric(now)) {
    if (!is.numeric(value) || length(value) != 1L || is.na(value)) stop(name, " is one number")
    return(max(0, as.numeric(value)))
  }
  if (name == "environment") return(environment_entries(value))
  if (name == "shareDir" && is.character(value)) value <- place_without_password(value)
  if (is.character(now)) {
    kept <- as.character(value)
    if (!is.null(names(value))) names(kept) <- names(value)
    return(kept)
  }
  value
}

# c(NAME = "value", "OTHER") as the core wants them: "NAME=value" sets, "OTHER" copies.
environment_entries <- function(value) {
  value <- unlist(value)
  text <- as.character(value)
  named <- if (is.null(names(value))) rep("", length(text)) else names(value)
  ifelse(nzchar(named), paste0(named, "=", text), text)
}
