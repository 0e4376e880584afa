// SPDX-License-Identifier: Apache-2.0
#include "serialization.h"

#include <cstring>
#include <exception>

namespace errand::r {
namespace {

void put(R_outpstream_t stream, const void* data, std::size_t size) {
  auto* state = static_cast<SerializeState*>(stream->data);
  if (state->thrown) return;
  try {
    state->target->write(static_cast<const char*>(data), size);
  } catch (...) {
    state->thrown = std::current_exception();
  }
}

void put_char(R_outpstream_t stream, int byte) {
  char one = static_cast<char>(byte);
  put(stream, &one, 1);
}

void put_bytes(R_outpstream_t stream, void* data, int size) {
  put(stream, data, static_cast<std::size_t>(size));
}

struct Reading {
  const std::byte* next;
  const std::byte* end;
};

int get_char(R_inpstream_t stream) {
  auto* reading = static_cast<Reading*>(stream->data);
  if (reading->next == reading->end) Rf_error("the serialized R object ends too early");
  return static_cast<unsigned char>(*reading->next++);
}

void get_bytes(R_inpstream_t stream, void* out, int size) {
  auto* reading = static_cast<Reading*>(stream->data);
  if (reading->end - reading->next < size) Rf_error("the serialized R object ends too early");
  std::memcpy(out, reading->next, static_cast<std::size_t>(size));
  reading->next += size;
}

constexpr int format_version = 3;

}  // namespace

void serialize_jumping(SEXP object, SerializeState& state) {
  R_outpstream_st stream;
  R_InitOutPStream(&stream, &state, R_pstream_binary_format, format_version, put_char, put_bytes, nullptr,
                   R_NilValue);
  R_Serialize(object, &stream);
}

SEXP unserialize_jumping(std::span<const std::byte> bytes) {
  Reading reading{bytes.data(), bytes.data() + bytes.size()};
  R_inpstream_st stream;
  R_InitInPStream(&stream, &reading, R_pstream_any_format, get_char, get_bytes, nullptr, R_NilValue);
  return R_Unserialize(&stream);
}

void serialize(SEXP object, ByteTarget& target) {
  SerializeState state{&target, {}};
  cpp11::unwind_protect([&]() -> SEXP {
    serialize_jumping(object, state);
    return R_NilValue;
  });
  if (state.thrown) std::rethrow_exception(state.thrown);
}

SEXP unserialize(std::span<const std::byte> bytes) {
  return cpp11::unwind_protect([&]() -> SEXP { return unserialize_jumping(bytes); });
}

}  // namespace errand::r
