// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <exception>
#include <span>
#include <string>

#include "errand/encoding.h"
#include "r_api.h"

/// R objects to bytes and back: R's serialization, version 3, native-endian, without a connection.
namespace errand::r {

/// Where serialized bytes go. write() may throw; what it threw is thrown again at the end.
class ByteTarget {
 public:
  virtual ~ByteTarget() = default;
  virtual void write(const char* data, std::size_t size) = 0;
};

class StringTarget final : public ByteTarget {
 public:
  explicit StringTarget(std::string& out) : out_(out) {}
  void write(const char* data, std::size_t size) override { out_.append(data, size); }

 private:
  std::string& out_;
};

/// Keeps an exception of a target while R's C code stands between it and its catcher.
struct SerializeState {
  ByteTarget* target = nullptr;
  std::exception_ptr thrown;
};

/// May jump (so no C++ object with a destructor may live in the caller's frames down to the one that
/// catches jumps); never throws: the caller looks at state.thrown.
void serialize_jumping(SEXP object, SerializeState& state);

/// May jump. Errors of the bytes are R errors.
[[nodiscard]] SEXP unserialize_jumping(std::span<const std::byte> bytes);

/// The same for C++ code that R calls: jumps come out as cpp11::unwind_exception.
void serialize(SEXP object, ByteTarget& target);
[[nodiscard]] SEXP unserialize(std::span<const std::byte> bytes);

}  // namespace errand::r
