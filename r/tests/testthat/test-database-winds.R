# SPDX-License-Identifier: Apache-2.0
# Real data, 1,387,584 rows of monthly winds, read next to where they lie.

winds_table <- "winds_in_r"
# Counted and averaged from the file itself, without a database: m/s to the east at a latitude.
zonal_means <- c("-50" = 8.648331, "0" = -1.394435, "20" = -3.301237, "50" = 2.062776)

# The scripts of the source tree, from which these tests run on a database.
load_winds <- function() {
  script <- normalizePath("../../../tests/database/load-winds", mustWork = FALSE)
  skip_if_not(file.exists(script), "the source tree")
  code <- system2(script, c(database, winds_table))
  skip_if(code == 3L, "no winds: tools/install_packages database_data")
  expect_identical(code, 0L)
}

test_that("the winds are read in a task, as its submitter", {
  skip_without_database()
  skip_in_a_closed_folder()
  load_winds()
  read <- at_top_level(function(source, latitudes) {
    winds <- rxImport(source)
    list(rows = nrow(winds), means = vapply(latitudes, function(at) mean(winds$zonal[winds$latitude == at]), 0))
  })
  source <- RxSqlServerData(sqlQuery = paste("select latitude, zonal from", winds_table))
  found <- with_launchpad(with_context(
    RxInSqlServer(connectionString = odbc(), numTasks = 1),
    rxExec(read, source = source, latitudes = as.numeric(names(zonal_means)))))[[1L]]
  expect_equal(found$rows, 132 * 73 * 144)
  expect_equal(found$means, unname(zonal_means), tolerance = 1e-4)
})
