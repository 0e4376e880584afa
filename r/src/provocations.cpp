// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <cstdio>

#include "routines.h"

/// What C code inside a task may do, for the package's tests.

/// Writes through C's own stdout, past R.
extern "C" SEXP errand_say(SEXP text) {
  std::fputs(CHAR(STRING_ELT(text, 0)), stdout);
  return R_NilValue;
}

extern "C" SEXP errand_crash() {
  std::raise(SIGSEGV);
  return R_NilValue;
}
