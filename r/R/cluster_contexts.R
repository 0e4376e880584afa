# SPDX-License-Identifier: Apache-2.0

# Contexts of clusters. The slots beside those of every context are the retired product's arguments;
# whatever else is given by name is an option of the engine.
setClass("RxDistributedHpa", contains = "RxComputeContext", representation(
  "VIRTUAL",
  revoPath = "ANY", configFile = "ANY", computeOnHeadNode = "ANY", minElems = "ANY", maxElems = "ANY",
  priority = "ANY", exclusive = "ANY", dataDistType = "ANY", email = "ANY", resultsTimeout = "ANY",
  groups = "ANY"))
setClass("RxSlurm", contains = "RxDistributedHpa")
setClass("RxHpcServer", contains = "RxSlurm")
setClass("RxGridEngine", contains = "RxDistributedHpa")
setClass("RxLsfCluster", contains = "RxDistributedHpa")

RxSlurm <- function(object, shareDir = "", wait = TRUE, ...) {
  generate_cluster("RxSlurm", "slurm", object, given_settings(...))
}

RxHpcServer <- function(object, headNode = "", revoPath = NULL, shareDir = "", workingDir = NULL,
                        dataPath = NULL, outDataPath = NULL, wait = TRUE, consoleOutput = FALSE,
                        configFile = NULL, nodes = NULL, computeOnHeadNode = FALSE, minElems = -1,
                        maxElems = -1, priority = 2, exclusive = FALSE, autoCleanup = TRUE,
                        dataDistType = "all", packagesToLoad = NULL, email = NULL, resultsTimeout = 15,
                        groups = "ComputeNodes", ...) {
  generate_cluster("RxHpcServer", "slurm", object, given_settings(...))
}

RxGridEngine <- function(object, shareDir = "", wait = TRUE, ...) {
  generate_cluster("RxGridEngine", "gridengine", object, given_settings(...))
}

RxLsfCluster <- function(object, shareDir = "", wait = TRUE, ...) {
  generate_cluster("RxLsfCluster", "lsf", object, given_settings(...))
}

# The arguments that the caller's caller gave: what was left out stays as it is in `object`.
given_settings <- function(..., frame = parent.frame()) {
  names <- setdiff(names(formals(sys.function(sys.parent()))), c("object", "..."))
  given <- Filter(function(name) !eval(call("missing", as.name(name)), frame), names)
  c(mget(given, envir = frame), list(...))
}

generate_cluster <- function(class, engine, object, settings) {
  fields <- checked(.Call(errand_named_context, "localpar"))
  fields$engine <- engine
  context <- context_of_fields(fields, class, class)
  if (!missing(object)) context <- copied(object, context)
  modified(context, settings)
}

original_settings <- function(context) {
  names <- c("headNode", "revoPath", "dataPath", "outDataPath", "configFile", "nodes", "computeOnHeadNode",
             "minElems", "maxElems", "priority", "exclusive", "dataDistType", "email", "resultsTimeout",
             "groups", names(without_counterpart))
  # Elsewhere it is the scheduler's own number.
  if (is(context, "RxHpcServer")) unique(names) else setdiff(names, "priority")
}

# What no scheduler knows: the value that says nothing, and what the user should know of any other.
without_counterpart <- list(
  dataPath = list(NULL, "there are no data files"),
  outDataPath = list(NULL, "there are no data files"),
  computeOnHeadNode = list(FALSE, "the scheduler alone chooses the nodes"),
  dataDistType = list("all", "there are no data files"),
  resultsTimeout = list(15, "results are there when the job is finished"),
  clientShareDir = list(NULL, "shareDir has to be the same path everywhere"),
  profileScript = list(NULL, "PATH has to hold the scheduler's commands"),
  clusterMpiPath = list(NULL, "tasks do not use MPI"),
  sshUsername = list(NULL, "jobs are submitted by this machine's own commands"),
  sshHostname = list(NULL, "jobs are submitted by this machine's own commands"),
  sshSwitches = list(NULL, "jobs are submitted by this machine's own commands"))

is_cluster_setting <- function(context, names) {
  of_every_context <- c(slotNames("RxLocalSeq"), "numCoresToUse")
  names %in% c(original_settings(context), "shareDir", "workingDir") |
    (!(names %in% of_every_context) & is_engine_option(context, names))
}

is_engine_option <- function(context, names) {
  known <- .Call(errand_engine_options, context@engine)
  if (inherits(known, "errand_failure")) return(rep(TRUE, length(names)))  # a later errand may have it
  snake_case(names) %in% known
}

snake_case <- function(names) tolower(gsub("([a-z0-9])([A-Z])", "\\1_\\2", names))

with_cluster_settings <- function(context, settings) {
  for (name in names(settings)[is_cluster_setting(context, names(settings))]) {
    value <- settings[[name]]
    if (name %in% c("shareDir", "workingDir")) {
      if (is.null(value)) value <- ""
      if (!is_windows_path(value)) slot(context, name) <- path.expand(as.character(value))
    } else if (name %in% original_settings(context)) {
      if (.hasSlot(context, name)) slot(context, name) <- value
    } else {
      context@engineOptions[[snake_case(name)]] <- option_text(name, value)
    }
  }
  say_once(class(context)[[1L]], unlist(Map(notice_of, names(settings), settings, list(context))))
  context
}

option_text <- function(name, value) {
  if (is.logical(value)) return(if (isTRUE(value)) "true" else "")
  if (inherits(value, "difftime")) value <- ceiling(as.numeric(value, units = "mins"))
  if (is.numeric(value)) value <- format(value, scientific = FALSE, trim = TRUE)
  if (!is.character(value)) stop(name, " is text, a number, TRUE or FALSE", call. = FALSE)
  paste(value, collapse = ",")
}

# What there is to say of a setting that cannot be kept, or NULL.
notice_of <- function(name, value, context) {
  if (is.null(value)) return(NULL)
  known <- without_counterpart[[name]]
  if (!is.null(known)) return(if (!identical(as.vector(value), known[[1L]])) sprintf("%s (%s)", name, known[[2L]]))
  if (!(name %in% c(original_settings(context), "shareDir", "workingDir"))) return(NULL)
  switch(name,
    shareDir = , workingDir = if (is_windows_path(value)) {
      sprintf("%s \"%s\" (a path of another system; the default is used)", name, value)
    },
    revoPath = if (is.null(program_in(value))) {
      sprintf("revoPath \"%s\" (no R there; workers run this session's)", value)
    },
    configFile = if (grepl("\\.xml$", value, ignore.case = TRUE)) {
      "configFile (templates of HPC Server; `template` names a submit script)"
    },
    priority = if (value > 2) sprintf("priority %.0f (ordinary users cannot ask for more than normal)", value),
    minElems = if (value > 0 && isTRUE(context@maxElems > value)) "minElems (elements start as nodes get free)",
    groups = if (length(chosen_groups(value))) notice_of_groups(context),
    nodes = if (!is_engine_option(context, "nodes")) "nodes",
    email = if (!is_engine_option(context, "mail_user")) "email")
}

# The option that takes names of groups of nodes; bsub -m takes them as it takes names of nodes.
group_option <- function(context) c(slurm = "partition", gridengine = "", lsf = "nodes")[[context@engine]]

notice_of_groups <- function(context) {
  if (group_option(context) == "") return("groups (choose a queue)")
  if (group_option(context) == "nodes" && length(chosen_nodes(context))) "groups beside nodes"
}

say_once <- function(class, notices, where = "the cluster") {
  fresh <- setdiff(notices, session$said)
  if (!length(fresh)) return(invisible())
  session$said <- c(session$said, fresh)
  warning(class, ": ", where, " has no counterpart of ", paste(fresh, collapse = ", "), call. = FALSE)
}

is_windows_path <- function(path) is.character(path) && any(grepl("^([A-Za-z]:[\\\\/]|\\\\)", path))

# revoPath's R, or NULL.
program_in <- function(revoPath) {
  if (!is.character(revoPath) || length(revoPath) != 1L) return(NULL)
  program <- file.path(path.expand(revoPath), "R")
  if (startsWith(program, "/") && file.access(program, 1L) == 0L) program else NULL
}

chosen_groups <- function(groups) setdiff(as.character(groups), c("ComputeNodes", "HeadNodes"))

chosen_nodes <- function(context) {
  if (!is(context, "RxDistributedHpa") || is.null(context@nodes)) return(character())
  trimws(unlist(strsplit(as.character(context@nodes), ",", fixed = TRUE)))
}

# The number of elements that the original's minElems and maxElems ask for; 0: none.
chosen_elements <- function(context) {
  bounds <- c(context@maxElems, context@minElems)
  bounds <- bounds[!is.na(bounds) & bounds > 0]
  if (length(bounds)) bounds[[1L]] else 0
}

# How often a function runs where nobody says: once for each node, if their number is certain.
node_count <- function(context) {
  if (length(chosen_nodes(context))) return(length(chosen_nodes(context)))
  bounds <- c(context@minElems, context@maxElems)
  bounds <- unique(bounds[!is.na(bounds) & bounds > 0])
  if (length(bounds) == 1L) bounds else 1
}

# The retired product's arguments as options of the engine; what was chosen by an option's own name wins.
cluster_fields <- function(context, fields) {
  groups <- paste(chosen_groups(context@groups), collapse = ",")
  nodes <- paste(chosen_nodes(context), collapse = ",")
  if (nodes == "" && group_option(context) == "nodes") nodes <- groups
  implied <- c(
    rx.head_node = paste(context@headNode, collapse = ","),
    nodes = nodes,
    elements = if (chosen_elements(context) > 0) sprintf("%.0f", chosen_elements(context)),
    exclusive = if (isTRUE(context@exclusive)) "true",
    mail_user = paste(context@email, collapse = ","),
    mail_type = if (length(context@email)) c(slurm = "END,FAIL", gridengine = "ea", lsf = "")[[context@engine]],
    partition = if (group_option(context) == "partition") groups,
    nice = if (is(context, "RxHpcServer") && isTRUE(context@priority < 2)) c("10000", "1000")[[context@priority + 1]],
    template = paste(grep("\\.xml$", context@configFile, ignore.case = TRUE, invert = TRUE, value = TRUE),
                     collapse = ""))
  implied <- implied[nzchar(implied)]
  implied <- implied[grepl(".", names(implied), fixed = TRUE) | is_engine_option(context, names(implied))]
  options <- context@engineOptions
  fields$engineOptions <- c(options, implied[setdiff(names(implied), names(options))])
  fields
}
