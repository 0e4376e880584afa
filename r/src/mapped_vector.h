// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <R_ext/Rdynload.h>

#include "errand/encoding.h"
#include "r_api.h"
#include "serialization.h"

/// Large vectors without a copy. In a job such a value is R's serialization like any other, but cut into
/// two or three buffers: what precedes the numbers, the numbers (aligned, so that they can be mapped), and
/// the attributes. A reader that joins them has the usual stream; this one makes a vector of the mapped
/// bytes themselves. They are private to the process: writing to the vector changes no file.
namespace errand::r {

/// Vectors of this many bytes and more are cut.
inline constexpr std::size_t mapped_size = std::size_t{1} << 20;

/// Where the numbers of `value` begin in its serialization and how many bytes they take; {0, 0} if it is
/// not to be cut. May jump.
struct Cut {
  std::size_t begin = 0;
  std::size_t size = 0;
};
[[nodiscard]] Cut cut_of(SEXP value);

/// A sink that begins a new buffer before and behind the numbers.
class CuttingTarget final : public ByteTarget {
 public:
  explicit CuttingTarget(ValueSink& sink) : sink_(sink) {}
  void cut(Cut cut) { cut_ = cut; }
  void write(const char* data, std::size_t size) override;

 private:
  ValueSink& sink_;
  Cut cut_;
  std::size_t written_ = 0;
};

/// The vector of a cut value, or nullptr if it is none. May jump.
[[nodiscard]] SEXP mapped_vector(const EncodedView& value);

/// Once, when the library is loaded.
void define_mapped_vectors(DllInfo* library);

}  // namespace errand::r
