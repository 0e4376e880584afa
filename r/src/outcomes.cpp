// SPDX-License-Identifier: Apache-2.0
#include "outcomes.h"

#include <algorithm>
#include <cstring>

#include "mapped_vector.h"

namespace errand::r {
namespace {

SEXP bytes_to_r(const Buffer& bytes) {
  SEXP raw = Rf_allocVector(RAWSXP, static_cast<R_xlen_t>(bytes.size()));
  if (!bytes.empty()) std::memcpy(RAW(raw), bytes.data(), bytes.size());
  return raw;
}

/// All of a value's bytes; further buffers are the same stream, cut where it could be mapped.
SEXP decode_view(const EncodedView& value) {
  if (value.further.empty()) return decode_jumping(value.codec, value.bytes);
  if (SEXP vector = mapped_vector(value); vector != nullptr) return vector;
  SEXP joined = R_NilValue;
  std::size_t size = value.bytes.size();
  for (const Buffer& buffer : value.further) size += buffer.size();
  joined = PROTECT(Rf_allocVector(RAWSXP, static_cast<R_xlen_t>(size)));
  auto* next = reinterpret_cast<std::byte*>(RAW(joined));
  next = std::copy(value.bytes.begin(), value.bytes.end(), next);
  for (const Buffer& buffer : value.further)
    next = std::copy(buffer.bytes().begin(), buffer.bytes().end(), next);
  SEXP decoded = decode_jumping(value.codec, std::as_bytes(std::span(RAW(joined), size)));
  UNPROTECT(1);
  return decoded;
}

Error jumped() {
  return {ErrorCode::system, "a value could not be made into an R object", false, {}, 0};
}

}  // namespace

SEXP failure_to_r(const TaskFailure& failure) {
  ListBuilder fields(8);
  fields.add("task", static_cast<double>(failure.task));
  fields.add("cause", to_string(failure.cause));
  fields.add("type", failure.type);
  fields.add("message", failure.message);
  fields.add("traceback", failure.traceback);
  fields.add("attempt", static_cast<double>(failure.attempt));
  fields.add("codec", static_cast<double>(failure.native_codec));
  fields.add("native", bytes_to_r(failure.native));
  return fields.get();
}

void Collector::begin(std::uint64_t tasks) {
  total_ = tasks;
  entries_.reserve(tasks);
}

void Collector::keep(SEXP object) {
  constexpr R_xlen_t first_size = 64;
  if (object_count_ == 0 || object_count_ == XLENGTH(objects_.get())) {
    SEXP larger = PROTECT(Rf_allocVector(VECSXP, std::max(first_size, 2 * object_count_)));
    for (R_xlen_t i = 0; i < object_count_; ++i) SET_VECTOR_ELT(larger, i, VECTOR_ELT(objects_.get(), i));
    objects_ = Kept(larger);
    UNPROTECT(1);
  }
  SET_VECTOR_ELT(objects_.get(), object_count_++, object);
}

Result<void> Collector::value(std::uint64_t task, std::uint32_t, const EncodedView& value) {
  Entry entry;
  entry.task = task;
  if (value.codec == Codec::msgpack && value.further.empty()) entry.scalar = decode_scalar(value.bytes);
  if (entry.scalar.kind == Scalar::none) {
    try {
      entry.object = cpp11::unwind_protect([&]() -> SEXP {
        SEXP decoded = PROTECT(decode_view(value));
        keep(decoded);
        UNPROTECT(1);
        return decoded;
      });
    } catch (const cpp11::unwind_exception& thrown) {
      jump_ = thrown.token;
      return jumped();
    }
  }
  entries_.push_back(entry);
  return {};
}

void Collector::failure(TaskFailure failure) {
  failures_.push_back(std::move(failure));
}

void Collector::resume() const {
  if (jump_ != nullptr) throw cpp11::unwind_exception(jump_);
}

SEXP Collector::value_of(const Entry& entry) const {
  return entry.object != nullptr ? entry.object : scalar_to_r(entry.scalar);
}

SEXP Collector::failures_to_r() const {
  auto size = static_cast<R_xlen_t>(failures_.size());
  SEXP list = PROTECT(Rf_allocVector(VECSXP, size));
  for (R_xlen_t i = 0; i < size; ++i) {
    SET_VECTOR_ELT(list, i, failure_to_r(failures_[static_cast<std::size_t>(i)]));
  }
  UNPROTECT(1);
  return list;
}

SEXP Collector::results_to_r() const {
  SEXP values = PROTECT(Rf_allocVector(VECSXP, static_cast<R_xlen_t>(total_)));
  for (const Entry& entry : entries_) {
    SET_VECTOR_ELT(values, static_cast<R_xlen_t>(entry.task), value_of(entry));
  }
  ListBuilder fields(2);
  fields.add("values", values);
  fields.add("failures", failures_to_r());
  SEXP list = fields.get();
  UNPROTECT(1);
  return list;
}

SEXP Collector::outcomes_to_r() const {
  auto size = static_cast<R_xlen_t>(entries_.size());
  ListBuilder fields(3);
  SEXP index = PROTECT(Rf_allocVector(REALSXP, size));
  SEXP values = PROTECT(Rf_allocVector(VECSXP, size));
  for (R_xlen_t i = 0; i < size; ++i) {
    const Entry& entry = entries_[static_cast<std::size_t>(i)];
    REAL(index)[i] = static_cast<double>(entry.task);
    SET_VECTOR_ELT(values, i, value_of(entry));
  }
  fields.add("index", index);
  fields.add("values", values);
  UNPROTECT(2);
  fields.add("failures", failures_to_r());
  return fields.get();
}

}  // namespace errand::r
