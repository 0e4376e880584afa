# SPDX-License-Identifier: Apache-2.0
library(testthat)
library(errand)

test_check("errand")
