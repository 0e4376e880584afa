// SPDX-License-Identifier: Apache-2.0
#include "values.h"

#include <bit>
#include <cstring>
#include <limits>

#include "serialization.h"

namespace errand::r {
namespace {

template <class Number>
void append_big_endian(std::string& out, Number number) {
  for (int shift = 8 * (static_cast<int>(sizeof number) - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>((number >> shift) & 0xff));
  }
}

void append_integer(std::string& out, int value) {
  if (value >= -32 && value < 128) {
    out.push_back(static_cast<char>(value));
  } else {
    out.push_back('\xd2');
    append_big_endian(out, static_cast<std::uint32_t>(value));
  }
}

bool append_string(std::string& out, SEXP text) {
  if (text == NA_STRING) return false;
  cetype_t encoding = Rf_getCharCE(text);
  if (encoding != CE_UTF8 && !is_ascii(text)) return false;
  auto length = static_cast<std::uint32_t>(LENGTH(text));
  if (length < 32) {
    out.push_back(static_cast<char>(0xa0 | length));
  } else {
    out.push_back('\xdb');
    append_big_endian(out, length);
  }
  out.append(CHAR(text), length);
  return true;
}

std::uint64_t big_endian(std::span<const std::byte> bytes, std::size_t at, std::size_t count) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < count; ++i)
    number = number << 8 | std::to_integer<std::uint64_t>(bytes[at + i]);
  return number;
}

Scalar whole_number(const detail::Scalar& read) {
  Scalar scalar;
  auto number = static_cast<std::int64_t>(read.integer);
  bool is_negative = read.kind == detail::Scalar::negative;
  bool fits = is_negative ? number > std::numeric_limits<int>::min()
                          : read.integer <= static_cast<std::uint64_t>(std::numeric_limits<int>::max());
  if (fits) {
    scalar.kind = Scalar::integer;
    scalar.whole = static_cast<std::int32_t>(number);
  } else {
    scalar.kind = Scalar::real;
    scalar.number = is_negative ? static_cast<double>(number) : static_cast<double>(read.integer);
  }
  return scalar;
}

/// c(exitCode =, signal =) of a program's task.
SEXP program_end(std::span<const std::byte> bytes) {
  SEXP pair = PROTECT(msgpack_to_r(bytes));
  SEXP names = PROTECT(Rf_allocVector(STRSXP, 2));
  SET_STRING_ELT(names, 0, Rf_mkChar("exitCode"));
  SET_STRING_ELT(names, 1, Rf_mkChar("signal"));
  if (Rf_xlength(pair) == 2) Rf_setAttrib(pair, R_NamesSymbol, names);
  UNPROTECT(2);
  return pair;
}

}  // namespace

bool encode_scalar(SEXP value, std::string& out) {
  if (value == R_NilValue) {
    out.push_back('\xc0');
    return true;
  }
  switch (TYPEOF(value)) {
    case REALSXP:
    case INTSXP:
    case LGLSXP:
    case STRSXP:
      break;
    default:
      return false;
  }
  if (XLENGTH(value) != 1 || ATTRIB(value) != R_NilValue || IS_S4_OBJECT(value)) return false;
  switch (TYPEOF(value)) {
    case REALSXP:
      out.push_back('\xcb');
      append_big_endian(out, std::bit_cast<std::uint64_t>(REAL_ELT(value, 0)));
      return true;
    case INTSXP:
      if (INTEGER_ELT(value, 0) == NA_INTEGER) return false;
      append_integer(out, INTEGER_ELT(value, 0));
      return true;
    case LGLSXP:
      if (LOGICAL_ELT(value, 0) == NA_LOGICAL) return false;
      out.push_back(LOGICAL_ELT(value, 0) != 0 ? '\xc3' : '\xc2');
      return true;
    default:
      return append_string(out, STRING_ELT(value, 0));
  }
}

Scalar decode_scalar(std::span<const std::byte> bytes) noexcept {
  Scalar scalar;
  if (bytes.empty()) return scalar;
  auto head = std::to_integer<unsigned>(bytes[0]);
  if (head == 0xcb && bytes.size() == 9) {
    scalar.kind = Scalar::real;
    scalar.number = std::bit_cast<double>(big_endian(bytes, 1, 8));
    return scalar;
  }
  if (head == 0xc0 && bytes.size() == 1) {
    scalar.kind = Scalar::null;
    return scalar;
  }
  std::size_t offset = 0;
  detail::Scalar read = detail::read_scalar(bytes, offset);
  if (read.kind == detail::Scalar::not_scalar || offset != bytes.size()) return scalar;
  if (read.kind == detail::Scalar::boolean) {
    scalar.kind = Scalar::logical;
    scalar.whole = read.integer != 0 ? 1 : 0;
    return scalar;
  }
  if (read.kind == detail::Scalar::real) {
    scalar.kind = Scalar::real;
    scalar.number = read.number;
    return scalar;
  }
  return whole_number(read);
}

SEXP scalar_to_r(const Scalar& scalar) {
  switch (scalar.kind) {
    case Scalar::logical:
      return Rf_ScalarLogical(scalar.whole);
    case Scalar::integer:
      return Rf_ScalarInteger(scalar.whole);
    case Scalar::real:
      return Rf_ScalarReal(scalar.number);
    default:
      return R_NilValue;
  }
}

SEXP decode_jumping(Codec codec, std::span<const std::byte> bytes) {
  switch (codec) {
    case Codec::none:
      return R_NilValue;
    case Codec::raw: {
      SEXP raw = Rf_allocVector(RAWSXP, static_cast<R_xlen_t>(bytes.size()));
      if (!bytes.empty()) std::memcpy(RAW(raw), bytes.data(), bytes.size());
      return raw;
    }
    case Codec::program:
      return program_end(bytes);
    case Codec::msgpack: {
      Scalar scalar = decode_scalar(bytes);
      return scalar.kind != Scalar::none ? scalar_to_r(scalar) : msgpack_to_r(bytes);
    }
    case Codec::r_serialize:
      return unserialize_jumping(bytes);
    case Codec::pickle:
      Rf_error(
          "this value was pickled by Python, and only Python reads it: ask for it there, or let the job "
          "return MessagePack or raw bytes");
  }
  Rf_error("this value has the unknown encoding %d: a newer errand reads it", static_cast<int>(codec));
}

}  // namespace errand::r
