// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "values.h"

/// MessagePack into R objects, by a reader of its own: msgpack-c's objects have destructors, and R jumps.
namespace errand::r {
namespace {

constexpr int deepest = 200;

struct Reader {
  const unsigned char* next;
  const unsigned char* end;
};

[[noreturn]] void refuse() {
  Rf_error("this value is no well-formed MessagePack");
}

std::size_t number(Reader& in, std::size_t bytes) {
  if (static_cast<std::size_t>(in.end - in.next) < bytes) refuse();
  std::size_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) value = value << 8 | *in.next++;
  return value;
}

const char* take(Reader& in, std::size_t size) {
  if (static_cast<std::size_t>(in.end - in.next) < size) refuse();
  const auto* data = reinterpret_cast<const char*>(in.next);
  in.next += size;
  return data;
}

SEXP read_any(Reader& in, int depth);

SEXP read_text(Reader& in, std::size_t size) {
  const char* text = take(in, size);
  if (std::memchr(text, 0, size) != nullptr) Rf_error("a text with a zero byte cannot be an R string");
  return Rf_ScalarString(Rf_mkCharLenCE(text, static_cast<int>(size), CE_UTF8));
}

SEXP read_bytes(Reader& in, std::size_t size) {
  const char* data = take(in, size);
  SEXP raw = Rf_allocVector(RAWSXP, static_cast<R_xlen_t>(size));
  if (size > 0) std::memcpy(RAW(raw), data, size);
  return raw;
}

/// An array of numbers alone, or of texts alone, is what R calls a vector.
SEXP simplified(SEXP list) {
  R_xlen_t size = XLENGTH(list);
  if (size == 0) return list;
  SEXPTYPE type = NILSXP;
  for (R_xlen_t i = 0; i < size; ++i) {
    SEXP one = VECTOR_ELT(list, i);
    SEXPTYPE own = TYPEOF(one);
    bool plain = (own == LGLSXP || own == INTSXP || own == REALSXP || own == STRSXP) && XLENGTH(one) == 1;
    if (!plain) return list;
    if (type == NILSXP) type = own;
    if (type == INTSXP && own == REALSXP) type = REALSXP;
    if (own != type && !(type == REALSXP && own == INTSXP)) return list;
  }
  SEXP vector = PROTECT(Rf_allocVector(type, size));
  for (R_xlen_t i = 0; i < size; ++i) {
    SEXP one = VECTOR_ELT(list, i);
    if (type == LGLSXP) LOGICAL(vector)[i] = Rf_asLogical(one);
    if (type == INTSXP) INTEGER(vector)[i] = Rf_asInteger(one);
    if (type == REALSXP) REAL(vector)[i] = Rf_asReal(one);
    if (type == STRSXP) SET_STRING_ELT(vector, i, STRING_ELT(one, 0));
  }
  UNPROTECT(1);
  return vector;
}

SEXP read_array(Reader& in, std::size_t count, int depth) {
  if (count > static_cast<std::size_t>(in.end - in.next)) refuse();
  SEXP list = PROTECT(Rf_allocVector(VECSXP, static_cast<R_xlen_t>(count)));
  for (std::size_t i = 0; i < count; ++i) {
    SET_VECTOR_ELT(list, static_cast<R_xlen_t>(i), read_any(in, depth + 1));
  }
  SEXP vector = simplified(list);
  UNPROTECT(1);
  return vector;
}

SEXP key_text(SEXP key) {
  if (TYPEOF(key) == STRSXP) return STRING_ELT(key, 0);
  if (Rf_isVectorAtomic(key) && XLENGTH(key) == 1) return Rf_asChar(key);
  Rf_error("a map whose keys are neither texts nor numbers cannot be an R list");
}

SEXP read_map(Reader& in, std::size_t count, int depth) {
  if (count > static_cast<std::size_t>(in.end - in.next)) refuse();
  auto size = static_cast<R_xlen_t>(count);
  SEXP list = PROTECT(Rf_allocVector(VECSXP, size));
  SEXP names = PROTECT(Rf_allocVector(STRSXP, size));
  for (R_xlen_t i = 0; i < size; ++i) {
    SEXP key = PROTECT(read_any(in, depth + 1));
    SET_STRING_ELT(names, i, key_text(key));
    UNPROTECT(1);
    SET_VECTOR_ELT(list, i, read_any(in, depth + 1));
  }
  Rf_setAttrib(list, R_NamesSymbol, names);
  UNPROTECT(2);
  return list;
}

/// The width of the length or number that follows a head byte of one of the numbered families.
std::size_t width(unsigned head, unsigned smallest) {
  return std::size_t{1} << (head - smallest);
}

SEXP read_scalar_of(Reader& in, std::size_t following) {
  const auto* begin = in.next;
  take(in, 1 + following);
  Scalar scalar = decode_scalar(std::as_bytes(std::span(begin, 1 + following)));
  if (scalar.kind == Scalar::none) refuse();
  return scalar_to_r(scalar);
}

SEXP read_long_form(Reader& in, unsigned head, int depth) {
  auto sized = [&](unsigned smallest) {
    ++in.next;
    return number(in, width(head, smallest));
  };
  if (head >= 0xc4 && head <= 0xc6) return read_bytes(in, sized(0xc4));
  if (head >= 0xd9 && head <= 0xdb) return read_text(in, sized(0xd9));
  if (head == 0xdc || head == 0xdd) return read_array(in, sized(0xdb), depth);
  if (head == 0xde || head == 0xdf) return read_map(in, sized(0xdd), depth);
  if (head == 0xca) return read_scalar_of(in, 4);
  if (head == 0xcb) return read_scalar_of(in, 8);
  if (head >= 0xcc && head <= 0xcf) return read_scalar_of(in, width(head, 0xcc));
  if (head >= 0xd0 && head <= 0xd3) return read_scalar_of(in, width(head, 0xd0));
  Rf_error("this MessagePack value is of an extension type, which R does not know");
}

SEXP read_any(Reader& in, int depth) {
  if (in.next == in.end || depth > deepest) refuse();
  unsigned head = *in.next;
  if (head < 0x80 || head >= 0xe0 || head == 0xc0 || head == 0xc2 || head == 0xc3)
    return read_scalar_of(in, 0);
  if (head < 0x90) return ++in.next, read_map(in, head & 0x0f, depth);
  if (head < 0xa0) return ++in.next, read_array(in, head & 0x0f, depth);
  if (head < 0xc0) return ++in.next, read_text(in, head & 0x1f);
  return read_long_form(in, head, depth);
}

}  // namespace

SEXP msgpack_to_r(std::span<const std::byte> bytes) {
  const auto* begin = reinterpret_cast<const unsigned char*>(bytes.data());
  Reader in{begin, begin + bytes.size()};
  SEXP value = PROTECT(read_any(in, 0));
  if (in.next != in.end) refuse();
  UNPROTECT(1);
  return value;
}

}  // namespace errand::r
