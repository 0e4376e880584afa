# SPDX-License-Identifier: Apache-2.0

# A compute context is a plain value: where and how jobs run. The slots are named as the generators'
# arguments; nodes and headNode are those of clusters and stay empty here.
setClass("RxComputeContext", representation(
  "VIRTUAL",
  description = "character", engine = "character", wait = "logical", consoleOutput = "logical",
  autoCleanup = "logical", shareDir = "character", cores = "numeric", environment = "character",
  packagesToLoad = "character", taskTimeLimit = "numeric", taskMemoryLimit = "numeric",
  consoleLimit = "numeric", lostTaskRetries = "numeric", trustedOwners = "character",
  engineOptions = "character", workingDir = "character", dataPath = "ANY", outDataPath = "ANY", nodes = "ANY",
  headNode = "ANY"))
setClass("RxLocalSeq", contains = "RxComputeContext")
setClass("RxLocalParallel", contains = "RxComputeContext")
setClass("RxForeachDoPar", contains = "RxComputeContext")

# Slot -> field of the core; everything that the core knows of a context.
core_fields <- c("wait", "consoleOutput", "autoCleanup", "shareDir", "cores", "environment", "packagesToLoad",
                 "taskTimeLimit", "taskMemoryLimit", "consoleLimit", "lostTaskRetries", "trustedOwners",
                 "engineOptions", "workingDir")

context_fields <- function(context) {
  fields <- lapply(setNames(core_fields, core_fields), slot, object = without_password(context))
  fields$engine <- context@engine
  fields$sequential <- is(context, "RxLocalSeq")
  if (is(context, "RxDistributedHpa")) fields <- cluster_fields(context, fields)
  fields
}

is_context <- function(object) is(object, "RxComputeContext")

setMethod("show", "RxComputeContext", function(object) {
  cat(class(object)[[1L]], " compute context\n", sep = "")
  lines <- c(
    runs = describe_engine(object),
    wait = as.character(object@wait),
    consoleOutput = as.character(object@consoleOutput),
    autoCleanup = as.character(object@autoCleanup),
    shareDir = share_dir_of(object))
  optional <- c(
    headNode = paste(object@headNode, collapse = ""),
    nodes = paste(object@nodes, collapse = ", "),
    workingDir = object@workingDir,
    engineOptions = shown_options(object),
    packagesToLoad = paste(object@packagesToLoad, collapse = ", "),
    environment = paste(object@environment, collapse = ", "),
    taskTimeLimit = if (object@taskTimeLimit > 0) paste(object@taskTimeLimit, "s") else "",
    taskMemoryLimit = if (object@taskMemoryLimit > 0) readable_size(object@taskMemoryLimit) else "")
  lines <- c(lines, optional[nzchar(optional)])
  cat(paste0("  ", format(names(lines)), "  ", lines, "\n"), sep = "")
  invisible(object)
})

# What the engine is told, beside what has a line of its own; options with a dot are the front ends' own.
shown_options <- function(context) {
  options <- context_fields(context)$engineOptions
  options <- options[!grepl(".", names(options), fixed = TRUE) & names(options) != "nodes"]
  paste0(names(options), " = ", options, collapse = ", ", recycle0 = TRUE)
}

describe_engine <- function(context) {
  if (context@engine != "local") return(paste("by", context@engine))
  if (is(context, "RxForeachDoPar")) return("on the registered foreach backend")
  if (is(context, "RxLocalSeq")) {
    return(if (context@wait) "one task after the other, in this session"
           else "one task after the other, in a worker of this machine")
  }
  if (context@cores > 0) sprintf("on %.0f cores of this machine", context@cores) else "on this machine's cores"
}

readable_size <- function(bytes) format(structure(bytes, class = "object_size"), units = "auto", standard = "SI")

share_dir_of <- function(context) .Call(errand_share_dir, context_fields(context))
