// SPDX-License-Identifier: Apache-2.0
#include "task_arguments.h"

#include <cstdint>
#include <cstring>

#include "serialization.h"

namespace errand::r {
namespace {

template <class T>
void append_plain(std::string& out, char kind, T value) {
  out.push_back(kind);
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void append_serialized(SEXP value, std::string& out) {
  append_plain(out, 'R', std::uint64_t{0});
  std::size_t begin = out.size();
  StringTarget target(out);
  serialize(value, target);
  std::uint64_t length = out.size() - begin;
  std::memcpy(out.data() + begin - sizeof length, &length, sizeof length);
}

/// Of ASCII and UTF-8 texts; others go through the serializer, which keeps their encoding.
bool append_text(SEXP text, std::string& out) {
  if (text == NA_STRING) {
    out.push_back('A');
    return true;
  }
  if (!is_ascii(text) && Rf_getCharCE(text) != CE_UTF8) return false;
  append_plain(out, 's', static_cast<std::uint64_t>(LENGTH(text)));
  out.append(CHAR(text), static_cast<std::size_t>(LENGTH(text)));
  return true;
}

bool append_scalar(SEXP vector, R_xlen_t at, std::string& out) {
  switch (TYPEOF(vector)) {
    case REALSXP:
      append_plain(out, 'd', REAL_ELT(vector, at));
      return true;
    case INTSXP:
      append_plain(out, 'i', INTEGER_ELT(vector, at));
      return true;
    case LGLSXP:
      append_plain(out, 'l', LOGICAL_ELT(vector, at));
      return true;
    case STRSXP:
      return append_text(STRING_ELT(vector, at), out);
    default:
      return false;
  }
}

bool is_plain_scalar(SEXP value) {
  return Rf_isVectorAtomic(value) && XLENGTH(value) == 1 && ATTRIB(value) == R_NilValue;
}

template <class T>
T take_plain(std::span<const std::byte>& bytes) {
  T value;
  if (bytes.size() < sizeof value) Rf_error("the arguments of this task cannot be read");
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes = bytes.subspan(sizeof value);
  return value;
}

std::span<const std::byte> take_run(std::span<const std::byte>& bytes) {
  auto length = take_plain<std::uint64_t>(bytes);
  if (length > bytes.size()) Rf_error("the arguments of this task cannot be read");
  auto run = bytes.first(length);
  bytes = bytes.subspan(length);
  return run;
}

}  // namespace

void append_argument(SEXP vector, R_xlen_t at, std::string& out) {
  if (TYPEOF(vector) != VECSXP) {
    if (append_scalar(vector, at, out)) return;
    SEXP one = PROTECT(cpp11::unwind_protect([&]() -> SEXP {
      SEXP index = PROTECT(Rf_ScalarReal(static_cast<double>(at + 1)));
      SEXP call = PROTECT(Rf_lang3(R_Bracket2Symbol, vector, index));
      SEXP value = Rf_eval(call, R_BaseEnv);
      UNPROTECT(2);
      return value;
    }));
    append_serialized(one, out);
    UNPROTECT(1);
    return;
  }
  SEXP value = VECTOR_ELT(vector, at);
  if (value == R_NilValue) {
    out.push_back('n');
  } else if (!is_plain_scalar(value) || !append_scalar(value, 0, out)) {
    append_serialized(value, out);
  }
}

SEXP take_argument(std::span<const std::byte>& bytes) {
  switch (take_plain<char>(bytes)) {
    case 'd':
      return Rf_ScalarReal(take_plain<double>(bytes));
    case 'i':
      return Rf_ScalarInteger(take_plain<int>(bytes));
    case 'l':
      return Rf_ScalarLogical(take_plain<int>(bytes));
    case 'n':
      return R_NilValue;
    case 'A':
      return Rf_ScalarString(NA_STRING);
    case 's': {
      auto text = take_run(bytes);
      return Rf_ScalarString(
          Rf_mkCharLenCE(reinterpret_cast<const char*>(text.data()), static_cast<int>(text.size()), CE_UTF8));
    }
    case 'R':
      return unserialize_jumping(take_run(bytes));
    default:
      Rf_error("the arguments of this task cannot be read");
  }
}

}  // namespace errand::r
