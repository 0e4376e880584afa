// SPDX-License-Identifier: Apache-2.0
#include "task_call.h"

#include "task_arguments.h"

namespace errand::r {

TaskCall::TaskCall(SEXP prepared) : prepared_(prepared) {
  call_ = element(prepared, "call");
  environment_ = element(prepared, "environment");
  spread_ = Rf_asLogical(element(prepared, "spread")) == TRUE;
  quote_ = Rf_asLogical(element(prepared, "quote")) == TRUE;
  SEXP places = element(prepared, "places");
  for (R_xlen_t i = 0; i < Rf_xlength(places); ++i) cells_.push_back(Rf_nthcdr(call_, INTEGER(places)[i]));
  SEXP seed = element(prepared, "seed");
  if (TYPEOF(seed) != INTSXP || XLENGTH(seed) != 7) return;
  has_seed_ = true;
  random_kind_ = INTEGER(seed)[0];
  for (std::size_t i = 0; i < seed_.size(); ++i) seed_[i] = static_cast<std::uint32_t>(INTEGER(seed)[i + 1]);
}

void TaskCall::set_stream(std::uint64_t task) const {
  StreamState state = stream_state(seed_, task);
  SEXP vector = PROTECT(Rf_allocVector(INTSXP, 7));
  INTEGER(vector)[0] = random_kind_;
  for (std::size_t i = 0; i < state.size(); ++i) INTEGER(vector)[i + 1] = static_cast<int>(state[i]);
  static SEXP name = Rf_install(".Random.seed");
  Rf_defineVar(name, vector, R_GlobalEnv);
  UNPROTECT(1);
}

SEXP TaskCall::next_argument(std::span<const std::byte>& arguments) const {
  SEXP value = take_argument(arguments);
  SEXPTYPE type = TYPEOF(value);
  if (!quote_ || (type != SYMSXP && type != LANGSXP)) return value;
  PROTECT(value);
  SEXP quoted = Rf_lang2(R_QuoteSymbol, value);
  UNPROTECT(1);
  return quoted;
}

SEXP TaskCall::spread_call(std::span<const std::byte>& arguments) const {
  SEXP list = PROTECT(take_argument(arguments));
  SEXP names = PROTECT(Rf_getAttrib(list, R_NamesSymbol));
  SEXP rest = CDR(call_);
  for (R_xlen_t i = XLENGTH(list) - 1; i >= 0; --i) {
    SEXP value = VECTOR_ELT(list, i);
    SEXPTYPE type = TYPEOF(value);
    PROTECT(rest);
    if (quote_ && (type == SYMSXP || type == LANGSXP)) value = Rf_lang2(R_QuoteSymbol, value);
    rest = Rf_cons(value, rest);
    UNPROTECT(1);
    if (names != R_NilValue && LENGTH(STRING_ELT(names, i)) > 0) {
      PROTECT(rest);
      SET_TAG(rest, Rf_installTrChar(STRING_ELT(names, i)));
      UNPROTECT(1);
    }
  }
  PROTECT(rest);
  SEXP call = Rf_lcons(CAR(call_), rest);
  UNPROTECT(3);
  return call;
}

SEXP TaskCall::evaluate(std::uint64_t task, std::span<const std::byte> arguments) const {
  if (has_seed_) set_stream(task);
  SEXP call = call_;
  if (spread_) call = spread_call(arguments);
  PROTECT(call);
  for (SEXP cell : cells_) SETCAR(cell, next_argument(arguments));
  SEXP value = Rf_eval(call, environment_);
  UNPROTECT(1);
  return value;
}

}  // namespace errand::r
