// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "errand/job_result.h"
#include "r_api.h"

/// R code run by C++ that no R code called: the worker's loop. Nothing of R jumps out of it.
namespace errand::r {

/// How a piece of R code ended.
struct Ending {
  bool ok = false;
  SEXP value = nullptr;  ///< unprotected; only of ok
  SEXP error = nullptr;  ///< worker_error()'s description of the condition; kept until the next run
  bool quit = false;     ///< it called quit()
  int quit_status = 0;
};

/// Runs `body(data)` with a calling handler that describes an error where it happened, with its calls, and
/// then leaves by R's abort restart: on.exit code runs, nothing is printed. `body` may jump, so neither it
/// nor what it calls may hold C++ objects with destructors.
[[nodiscard]] Ending run_guarded(SEXP (*body)(void*), void* data);

/// Remembers that quit() was called, see worker.R.
void note_quit(int status);

/// The failure that an ending without a value is recorded as.
[[nodiscard]] TaskFailure failure_of(const Ending& ending);

/// Calls a function of this package's namespace with one argument. May jump.
[[nodiscard]] SEXP call_own(const char* function, SEXP argument);

}  // namespace errand::r
