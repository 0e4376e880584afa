// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>
#include <vector>

#include "r_api.h"

namespace errand::r {

SEXP text_to_r(std::string_view text) {
  constexpr std::size_t longest = 2147483647;
  if (text.size() > longest)
    Rf_error("a text of %.0f bytes is longer than an R string can be", static_cast<double>(text.size()));
  return Rf_ScalarString(Rf_mkCharLenCE(text.data(), static_cast<int>(text.size()), CE_UTF8));
}

SEXP texts_to_r(const std::vector<std::string>& texts) {
  SEXP strings = PROTECT(Rf_allocVector(STRSXP, static_cast<R_xlen_t>(texts.size())));
  for (std::size_t i = 0; i < texts.size(); ++i) {
    SET_STRING_ELT(strings, static_cast<R_xlen_t>(i),
                   Rf_mkCharLenCE(texts[i].data(), static_cast<int>(texts[i].size()), CE_UTF8));
  }
  UNPROTECT(1);
  return strings;
}

std::string text_of(SEXP string) {
  if (TYPEOF(string) != STRSXP || XLENGTH(string) < 1 || STRING_ELT(string, 0) == NA_STRING) return {};
  return Rf_translateCharUTF8(STRING_ELT(string, 0));
}

std::vector<std::string> texts_of(SEXP strings) {
  std::vector<std::string> texts;
  if (TYPEOF(strings) != STRSXP) return texts;
  for (R_xlen_t i = 0; i < XLENGTH(strings); ++i) {
    texts.emplace_back(Rf_translateCharUTF8(STRING_ELT(strings, i)));
  }
  return texts;
}

bool is_ascii(SEXP text) noexcept {
  const char* bytes = CHAR(text);
  return std::all_of(bytes, bytes + LENGTH(text), [](char byte) { return (byte & 0x80) == 0; });
}

SEXP element(SEXP list, const char* name) {
  SEXP names = Rf_getAttrib(list, R_NamesSymbol);
  for (R_xlen_t i = 0; i < Rf_xlength(names); ++i) {
    if (std::string_view(CHAR(STRING_ELT(names, i))) == name) return VECTOR_ELT(list, i);
  }
  return R_NilValue;
}

SEXP error_to_r(const Error& error) {
  SEXP list;
  {
    ListBuilder fields(4);
    fields.add("code", to_string(error.code));
    fields.add("message", error.message);
    fields.add("hint", error.hint);
    fields.add("transient", error.transient);
    list = PROTECT(fields.get());
    Rf_classgets(list, PROTECT(Rf_mkString("errand_failure")));
    UNPROTECT(2);
  }
  return list;
}

ListBuilder::ListBuilder(R_xlen_t size)
    : list_(PROTECT(Rf_allocVector(VECSXP, size))), names_(PROTECT(Rf_allocVector(STRSXP, size))) {
  Rf_setAttrib(list_, R_NamesSymbol, names_);
}

void ListBuilder::add(const char* name, SEXP value) {
  SET_VECTOR_ELT(list_, used_, value);
  SET_STRING_ELT(names_, used_, Rf_mkChar(name));
  ++used_;
}

}  // namespace errand::r
