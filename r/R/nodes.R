# SPDX-License-Identifier: Apache-2.0

# Names of nodes as R names: upper case, and what a name may not hold becomes an underscore.
rxMakeRNodeNames <- function(nodeNames) {
  if (!is.character(nodeNames)) stop("nodeNames is a character vector")
  names <- gsub("[^A-Za-z0-9._]", "_", toupper(nodeNames))
  bad <- !grepl("^([A-Za-z]|\\.[^0-9])", names)
  names[bad] <- paste0("X", names[bad])
  names
}

# The local engine has one node: this machine. Slurm is asked by its own command.
rxGetNodeInfo <- function(computeContext = NULL, ..., namesOnly = FALSE, makeRNodeNames = FALSE,
                          getWorkersOnly = TRUE) {
  context <- node_context(computeContext, list(...))
  if (is(context, "RxDistributedHpa")) return(cluster_nodes(context, namesOnly, makeRNodeNames))
  name <- Sys.info()[["nodename"]]
  if (isTRUE(namesOnly)) return(if (isTRUE(makeRNodeNames)) rxMakeRNodeNames(name) else name)
  info <- list(nodeName = name, cpuSpeed = cpu_speed(), memSize = memory_size(), numCores = machine_cores(),
               numSockets = cpu_sockets(), nodeState = "online", isReachable = TRUE, groupsOrQueues = list())
  setNames(list(info), rxMakeRNodeNames(name))
}

rxGetAvailableNodes <- function(computeContext = NULL, makeRNodeNames = FALSE) {
  rxGetNodeInfo(computeContext, namesOnly = TRUE, makeRNodeNames = makeRNodeNames)
}

cluster_nodes <- function(context, namesOnly, makeRNodeNames) {
  if (context@engine != "slurm") stop("rxGetNodeInfo cannot ask ", context@engine, " for its nodes", call. = FALSE)
  lines <- suppressWarnings(system2("sinfo", c("--noheader", "--Node", "--format=%N\\|%c\\|%m\\|%T\\|%R"), stdout = TRUE))
  parts <- strsplit(lines, "|", fixed = TRUE)
  parts <- parts[lengths(parts) == 5L]
  names <- vapply(parts, `[[`, "", 1L)
  found <- if (length(chosen_nodes(context))) chosen_nodes(context) else unique(names)
  if (isTRUE(namesOnly)) return(if (isTRUE(makeRNodeNames)) rxMakeRNodeNames(found) else found)
  info <- lapply(found, function(name) node_of(parts[tolower(names) == tolower(name)], name))
  setNames(info, rxMakeRNodeNames(found))
}

# `rows`: one for each of the node's partitions.
node_of <- function(rows, name) {
  if (!length(rows)) return(list(nodeName = name, nodeState = "unknown", isReachable = FALSE))
  state <- rows[[1L]][[4L]]
  list(nodeName = name, cpuSpeed = NA_real_, memSize = as.integer(rows[[1L]][[3L]]),
       numCores = as.integer(rows[[1L]][[2L]]), numSockets = NA_integer_, nodeState = state,
       isReachable = !grepl("down|\\*$|fail|unknown", state), groupsOrQueues = lapply(rows, `[[`, 5L))
}

# Whether the nodes run R with this package: asked by a task of each.
rxPingNodes <- function(computeContext = rxGetComputeContext(), timeout = 0, filter = NULL) {
  context <- node_context(computeContext, list())
  if (is(context, "RxDistributedHpa")) {
    stop("rxPingNodes cannot run a task on each node of a cluster; rxGetNodeInfo() shows their states", call. = FALSE)
  }
  context <- RxLocalParallel(context, wait = FALSE, autoCleanup = TRUE)
  name <- rxMakeRNodeNames(Sys.info()[["nodename"]])
  call <- new_call(function() Sys.info()[["nodename"]], "ping", list(), NULL, 1, context)
  state <- tryCatch({
    job <- submit_call(call, list(), NULL, context, list())
    report <- .Call(errand_wait, job_key(job), if (timeout > 0) timeout, FALSE)
    if (inherits(report, "errand_failure")) "timeout" else { rxGetJobResults(job); "success" }
  }, error = function(e) "failedJob")
  structure(list(nodeName = name, status = setNames(state, name)), class = "rxNodePings")
}

print.rxNodePings <- function(x, ...) {
  cat(if (all(x$status == "success")) "All Nodes responded successfully:" else "Some nodes did not respond:", "\n")
  cat(paste0("  ", format(names(x$status)), "  ", x$status, "\n"), sep = "")
  invisible(x)
}

node_context <- function(computeContext, settings) {
  if (is.null(computeContext)) computeContext <- rxGetComputeContext()
  if (inherits(computeContext, "rxJobInfo")) computeContext <- computeContext$computeContext
  if (is.null(computeContext)) computeContext <- rxGetComputeContext()
  modified(RxComputeContext(computeContext), settings)
}

proc_value <- function(path, key) {
  lines <- tryCatch(readLines(path, warn = FALSE), error = function(e) character())
  found <- grep(paste0("^", key), lines, value = TRUE)
  sub("^[^:]*:\\s*", "", found)
}

cpu_speed <- function() as.numeric(head(c(proc_value("/proc/cpuinfo", "cpu MHz"), NA), 1L))
cpu_sockets <- function() max(1L, length(unique(proc_value("/proc/cpuinfo", "physical id"))))
memory_size <- function() {
  kilobytes <- head(c(proc_value("/proc/meminfo", "MemTotal"), NA), 1L)
  as.integer(as.numeric(sub(" kB", "", kilobytes)) / 1024)
}
