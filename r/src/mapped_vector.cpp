// SPDX-License-Identifier: Apache-2.0
#include "mapped_vector.h"

#include <R_ext/Altrep.h>

#include <algorithm>
#include <cstring>

namespace errand::r {
namespace {

R_altrep_class_t real_class;
R_altrep_class_t integer_class;
R_altrep_class_t logical_class;
R_altrep_class_t raw_class;

std::size_t element_size(SEXPTYPE type) {
  switch (type) {
    case REALSXP:
      return sizeof(double);
    case INTSXP:
    case LGLSXP:
      return sizeof(int);
    case RAWSXP:
      return 1;
    default:
      return 0;
  }
}

/// Lengths beyond an int are marked by -1 and follow in two halves.
constexpr std::size_t long_length_bytes = 8;
constexpr R_xlen_t longest_short = 2147483647;

/// The stream's head up to the length of a short vector of that type.
struct Head {
  char bytes[128];
  std::size_t size = 0;
};

void keep_head(R_outpstream_t stream, void* data, int size) {
  auto* head = static_cast<Head*>(stream->data);
  if (head->size + static_cast<std::size_t>(size) > sizeof head->bytes) Rf_error("a head that is no head");
  std::memcpy(head->bytes + head->size, data, static_cast<std::size_t>(size));
  head->size += static_cast<std::size_t>(size);
}

void keep_head_char(R_outpstream_t stream, int byte) {
  char one = static_cast<char>(byte);
  keep_head(stream, &one, 1);
}

Head head_of(SEXPTYPE type) {
  Head head;
  SEXP empty = PROTECT(Rf_allocVector(type, 0));
  R_outpstream_st stream;
  R_InitOutPStream(&stream, &head, R_pstream_binary_format, 3, keep_head_char, keep_head, nullptr,
                   R_NilValue);
  R_Serialize(empty, &stream);
  UNPROTECT(1);
  return head;
}

constexpr std::size_t flags_and_length = 8;

/// The bytes of a mapped vector, kept by an external pointer.
const Buffer& buffer_of(SEXP vector) {
  return *static_cast<const Buffer*>(R_ExternalPtrAddr(R_altrep_data1(vector)));
}

void release(SEXP pointer) {
  delete static_cast<const Buffer*>(R_ExternalPtrAddr(pointer));
  R_ClearExternalPtr(pointer);
}

R_xlen_t length_of(SEXP vector) {
  return static_cast<R_xlen_t>(buffer_of(vector).size() / element_size(TYPEOF(vector)));
}

void* data_of(SEXP vector, Rboolean) {
  return const_cast<std::byte*>(buffer_of(vector).data());
}

const void* data_if_there(SEXP vector) {
  return buffer_of(vector).data();
}

Rboolean inspect(SEXP vector, int, int, int, void (*)(SEXP, int, int, int)) {
  Rprintf("mapped from a job, %.0f bytes\n", static_cast<double>(buffer_of(vector).size()));
  return TRUE;
}

void define(R_altrep_class_t type) {
  R_set_altrep_Length_method(type, length_of);
  R_set_altrep_Inspect_method(type, inspect);
  R_set_altvec_Dataptr_method(type, data_of);
  R_set_altvec_Dataptr_or_null_method(type, data_if_there);
}

const R_altrep_class_t* class_of(SEXPTYPE type) {
  if (type == REALSXP) return &real_class;
  if (type == INTSXP) return &integer_class;
  if (type == LGLSXP) return &logical_class;
  if (type == RAWSXP) return &raw_class;
  return nullptr;
}

SEXP make_vector(SEXPTYPE type, const Buffer& bytes) {
  SEXP pointer = PROTECT(R_MakeExternalPtr(nullptr, R_NilValue, R_NilValue));
  R_RegisterCFinalizerEx(pointer, release, FALSE);
  R_SetExternalPtrAddr(pointer, new Buffer(bytes));
  SEXP vector = R_new_altrep(*class_of(type), pointer, R_NilValue);
  UNPROTECT(1);
  return vector;
}

/// The attributes behind the numbers are one more item of the same stream: read behind the same head.
SEXP attributes_in(std::span<const std::byte> head, const Buffer& tail) {
  SEXP bytes = PROTECT(Rf_allocVector(RAWSXP, static_cast<R_xlen_t>(head.size() + tail.size())));
  std::copy(head.begin(), head.end(), reinterpret_cast<std::byte*>(RAW(bytes)));
  std::copy(tail.bytes().begin(), tail.bytes().end(), reinterpret_cast<std::byte*>(RAW(bytes)) + head.size());
  SEXP list = unserialize_jumping(std::as_bytes(std::span(RAW(bytes), head.size() + tail.size())));
  UNPROTECT(1);
  return list;
}

}  // namespace

Cut cut_of(SEXP value) {
  SEXPTYPE type = TYPEOF(value);
  std::size_t size = element_size(type);
  if (size == 0 || ALTREP(value)) return {};
  size *= static_cast<std::size_t>(XLENGTH(value));
  if (size < mapped_size) return {};
  std::size_t begin = head_of(type).size;
  return {begin + (XLENGTH(value) > longest_short ? long_length_bytes : 0), size};
}

void CuttingTarget::write(const char* data, std::size_t size) {
  while (size > 0) {
    std::size_t part = size;
    for (std::size_t border : {cut_.begin, cut_.begin + cut_.size}) {
      if (cut_.size == 0) continue;
      if (written_ == border) sink_.next_buffer();
      if (written_ < border) part = std::min(part, border - written_);
    }
    sink_.write(data, part);
    data += part;
    size -= part;
    written_ += part;
  }
}

SEXP mapped_vector(const EncodedView& value) {
  if (value.codec != Codec::r_serialize || value.further.empty() || value.further.size() > 2) return nullptr;
  std::uint32_t flags = 0;
  constexpr std::size_t least = 30;
  if (value.bytes.size() < least) return nullptr;
  for (SEXPTYPE type : {REALSXP, INTSXP, LGLSXP, RAWSXP}) {
    std::size_t head = head_of(type).size;
    if (value.bytes.size() != head && value.bytes.size() != head + long_length_bytes) continue;
    std::memcpy(&flags, value.bytes.data() + head - flags_and_length, sizeof flags);
    if ((flags & 0xffU) != type || value.further[0].size() % element_size(type) != 0) continue;
    SEXP vector = PROTECT(make_vector(type, value.further[0]));
    if (value.further.size() == 2) {
      SEXP list = PROTECT(attributes_in(value.bytes.first(head - flags_and_length), value.further[1]));
      for (; list != R_NilValue; list = CDR(list)) Rf_setAttrib(vector, TAG(list), CAR(list));
      UNPROTECT(1);
    }
    UNPROTECT(1);
    return vector;
  }
  return nullptr;
}

void define_mapped_vectors(DllInfo* library) {
  real_class = R_make_altreal_class("errand_mapped_real", "errand", library);
  integer_class = R_make_altinteger_class("errand_mapped_integer", "errand", library);
  logical_class = R_make_altlogical_class("errand_mapped_logical", "errand", library);
  raw_class = R_make_altraw_class("errand_mapped_raw", "errand", library);
  for (R_altrep_class_t type : {real_class, integer_class, logical_class, raw_class}) define(type);
}

}  // namespace errand::r
