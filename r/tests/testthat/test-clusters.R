# SPDX-License-Identifier: Apache-2.0
# Contexts of clusters. Nothing is submitted here; tests/clusters/languages runs them on a real Slurm.
options_of <- function(context) errand:::context_fields(context)$engineOptions
forget_said <- function() assign("said", NULL, envir = errand:::session)

test_that("the engine's options are given by name and copied with changes", {
  context <- RxSlurm(partition = "main", time = "2:00:00", memory = "4G", cpusPerTask = 4, gres = "gpu:1",
                     shareDir = "/share", wait = FALSE)
  expect_identical(options_of(context)[c("partition", "time", "memory", "cpus_per_task", "gres")],
                   c(partition = "main", time = "2:00:00", memory = "4G", cpus_per_task = "4", gres = "gpu:1"))
  expect_false(context@wait)
  expect_identical(context@shareDir, "/share")
  copy <- RxSlurm(context, memory = "8G", wait = TRUE)
  expect_identical(options_of(copy)[["memory"]], "8G")
  expect_identical(options_of(copy)[["partition"]], "main")
  expect_identical(options_of(context)[["memory"]], "4G")
  expect_true(copy@wait)
  expect_identical(options_of(RxComputeContext(context, qos = "low"))[["qos"]], "low")
  expect_error(RxSlurm(partitoin = "main"), "partitoin")
  expect_error(RxSlurm(comment = list(1)), "comment is text")
})

test_that("names make clusters' contexts, and those of the configuration file are of the engine's class", {
  expect_s4_class(RxComputeContext("slurm", partition = "main"), "RxSlurm")
  expect_s4_class(RxComputeContext("RxHpcServer"), "RxHpcServer")
  expect_s4_class(RxComputeContext("RxGridEngine", wait = FALSE), "RxGridEngine")
  expect_true(is(RxComputeContext("RxLsfCluster"), "RxDistributedHpa"))
  file <- file.path(Sys.getenv("XDG_CONFIG_HOME"), "errand", "config.toml")
  dir.create(dirname(file), recursive = TRUE, showWarnings = FALSE)
  on.exit(unlink(file))
  writeLines(c("[contexts.cluster]", "inherits = \"slurm\"", "cores = 8",
               "[contexts.cluster.engine_options]", "partition = \"main\""), file)
  context <- RxComputeContext("cluster", time = 10)
  expect_s4_class(context, "RxSlurm")
  expect_identical(options_of(context)[c("partition", "time")], c(partition = "main", time = "10"))
  expect_identical(context@cores, 8)
})

test_that("the options of one engine are none of another's", {
  cluster <- RxSlurm(RxLocalParallel(cores = 3), partition = "main")
  expect_identical(cluster@cores, 3)
  expect_false("partition" %in% names(options_of(RxGridEngine(cluster))))
  expect_s4_class(RxLocalParallel(cluster), "RxLocalParallel")
})

test_that("the retired product's arguments have their counterparts", {
  forget_said()
  expect_silent(base <- RxHpcServer(
    headNode = "cluster-head", shareDir = "/share/ada", workingDir = "/home/ada", revoPath = file.path(R.home(), "bin"),
    wait = FALSE, consoleOutput = TRUE, nodes = c("COMPUTE1", "COMPUTE2"), minElems = -1, maxElems = -1,
    priority = 2, exclusive = TRUE, autoCleanup = TRUE, email = "ada@here", groups = "ComputeNodes"))
  options <- options_of(base)
  expect_identical(options[["rx.head_node"]], "cluster-head")
  expect_identical(options[["nodes"]], "COMPUTE1,COMPUTE2")
  expect_identical(options[["exclusive"]], "true")
  expect_identical(options[["mail_user"]], "ada@here")
  expect_identical(base@workingDir, "/home/ada")
  modified <- RxHpcServer(base, wait = TRUE, priority = 0, maxElems = 7, groups = c("fat", "thin"))
  expect_true(modified@wait)
  expect_identical(modified@headNode, "cluster-head")
  expect_identical(options_of(modified)[c("elements", "nice", "partition")],
                   c(elements = "7", nice = "10000", partition = "fat,thin"))
  before <- rxOptions(computeContext = base)
  on.exit(rxOptions(computeContext = before$computeContext))
  expect_s4_class(rxGetOption("computeContext"), "RxHpcServer")
  expect_output(print(base), "RxHpcServer.*by slurm.*/share/ada.*cluster-head.*COMPUTE1, COMPUTE2.*exclusive = true")
})

test_that("the original arguments on other schedulers", {
  forget_said()
  engine <- options_of(RxGridEngine(queue = "all.q", pe = "smp", memory = "2G", nodes = c("n1", "n2"), email = "ada@here",
                                    maxElems = 5))
  expect_identical(engine[c("queue", "pe", "memory", "nodes", "elements", "mail_user", "mail_type")],
                   c(queue = "all.q", pe = "smp", memory = "2G", nodes = "n1,n2", elements = "5",
                     mail_user = "ada@here", mail_type = "ea"))
  lsf <- options_of(RxLsfCluster(shareDir = "/share/ada", queue = "normal", exclusive = TRUE, nodes = "a,b",
                                 email = "ada@here"))
  expect_identical(lsf[["exclusive"]], "true")
  expect_identical(lsf[["mail_user"]], "ada@here")
  expect_false("mail_type" %in% names(lsf))
  expect_identical(options_of(RxLsfCluster(groups = c("fat", "thin")))[["nodes"]], "fat,thin")
  expect_warning(RxGridEngine(groups = "fat"), "groups .choose a queue")
  expect_warning(RxLsfCluster(groups = "fat", nodes = "a", clusterMpiPath = "/opt/mpi/bin"),
                 "groups beside nodes.*clusterMpiPath")
  expect_error(RxLsfCluster(partition = "main"), "partition")
})

test_that("what has no counterpart is said once and is no error", {
  forget_said()
  script <- function() {
    RxHpcServer(headNode = "cluster-head2", shareDir = "\\AllShare\\myName",
                revoPath = "C:\\Program Files\\Microsoft\\R\\bin\\x64", workingDir = "C:\\Users\\ada", dataPath = "C:\\data",
                dataDistType = "split", priority = 4)
  }
  expect_warning(context <- script(), "revoPath.*dataPath|dataPath.*revoPath")
  expect_identical(context@shareDir, RxSlurm()@shareDir)
  expect_identical(context@dataPath, "C:\\data")
  expect_silent(script())
})

test_that("the exact number of nodes is the number of tasks where nobody says another", {
  times <- function(...) errand:::default_times(RxHpcServer(...))
  expect_identical(times(nodes = "a,b,c"), 3L)
  expect_identical(times(nodes = c("a", "b")), 2L)
  expect_identical(times(minElems = 4, maxElems = 4), 4)
  expect_identical(times(minElems = 4), 4)
  forget_said()
  expect_warning(expect_identical(times(minElems = 2, maxElems = 4), 1), "minElems")
  expect_identical(times(), 1)
  call <- errand:::new_call(function() 1, "f", list(), NULL, -1, RxHpcServer(nodes = c("compute-1", "9b")))
  expect_identical(call$names, c("COMPUTE_1", "X9B"))
  call <- errand:::new_call(function() 1, "f", list(), NULL, 5, RxHpcServer(nodes = "a,b"))
  expect_null(call$names)
})
