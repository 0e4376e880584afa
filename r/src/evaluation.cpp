// SPDX-License-Identifier: Apache-2.0
#include "evaluation.h"

#include <cstring>

namespace errand::r {
namespace {

struct Guarded {
  SEXP (*body)(void*);
  void* data;
  Ending ending;
};

struct Quit {
  bool called = false;
  int status = 0;
};
Quit last_quit;

/// A list that keeps the description of the last error, and its condition.
SEXP holder() {
  static SEXP list = [] {
    SEXP made = Rf_allocVector(VECSXP, 2);
    R_PreserveObject(made);
    return made;
  }();
  return list;
}

SEXP own_namespace() {
  static SEXP environment = nullptr;
  if (environment == nullptr) {
    SEXP name = PROTECT(Rf_mkString("errand"));
    environment = R_FindNamespace(name);
    R_PreserveObject(environment);
    UNPROTECT(1);
  }
  return environment;
}

void leave() {
  SEXP restart = PROTECT(Rf_mkString("abort"));
  SEXP call = PROTECT(Rf_lang2(Rf_install("invokeRestart"), restart));
  Rf_eval(call, R_BaseEnv);
  UNPROTECT(2);
}

void describe(void* data) {
  SEXP described = PROTECT(call_own("worker_error", VECTOR_ELT(holder(), 1)));
  SET_VECTOR_ELT(holder(), 0, described);
  static_cast<Guarded*>(data)->ending.error = described;
  UNPROTECT(1);
}

SEXP on_error(SEXP condition, void* data) {
  auto* guarded = static_cast<Guarded*>(data);
  SET_VECTOR_ELT(holder(), 1, condition);
  describe(guarded);
  leave();
  return R_NilValue;
}

void run_body(void* data) {
  auto* guarded = static_cast<Guarded*>(data);
  guarded->ending.value = R_withCallingErrorHandler(guarded->body, guarded->data, on_error, guarded);
}

std::string field(SEXP list, const char* name) {
  return text_of(element(list, name));
}

}  // namespace

SEXP call_own(const char* function, SEXP argument) {
  PROTECT(argument);
  SEXP call = PROTECT(Rf_lang2(Rf_install(function), argument));
  SEXP value = Rf_eval(call, own_namespace());
  UNPROTECT(2);
  return value;
}

Ending run_guarded(SEXP (*body)(void*), void* data) {
  Guarded guarded{body, data, {}};
  last_quit = {};
  SET_VECTOR_ELT(holder(), 1, R_NilValue);
  guarded.ending.ok = R_ToplevelExec(run_body, &guarded) == TRUE;
  // Where the stack was used up the handler had no room.
  bool undescribed = !guarded.ending.ok && guarded.ending.error == nullptr;
  if (undescribed && VECTOR_ELT(holder(), 1) != R_NilValue) R_ToplevelExec(describe, &guarded);
  guarded.ending.quit = last_quit.called;
  guarded.ending.quit_status = last_quit.status;
  return guarded.ending;
}

void note_quit(int status) {
  last_quit = {true, status};
}

TaskFailure failure_of(const Ending& ending) {
  TaskFailure failure;
  if (ending.quit) {
    failure.type = "exit";
    failure.message = "the task called quit() with status " + std::to_string(ending.quit_status);
    return failure;
  }
  if (ending.error == nullptr) {
    failure.type = "abort";
    failure.message =
        "the task ended without a value: it invoked R's restart \"abort\", or failed while its "
        "error was being described";
    return failure;
  }
  failure.type = field(ending.error, "type");
  failure.message = field(ending.error, "message");
  failure.traceback = field(ending.error, "traceback");
  SEXP native = element(ending.error, "native");
  if (TYPEOF(native) == RAWSXP) {
    failure.native_codec = Codec::r_serialize;
    failure.native =
        Buffer::copy_of(std::as_bytes(std::span(RAW(native), static_cast<std::size_t>(XLENGTH(native)))));
  }
  return failure;
}

}  // namespace errand::r
