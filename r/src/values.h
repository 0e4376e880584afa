// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "errand/encoding.h"
#include "r_api.h"

/// What R values look like in a job. A plain scalar (no attributes, not NA) and NULL travel as
/// MessagePack, which every language reads and which costs no call of R's serializer; everything else as
/// R's serialization.
namespace errand::r {

/// One scalar outside R's memory: results of many small tasks are collected in these.
struct Scalar {
  enum Kind : std::uint8_t { none, null, logical, integer, real } kind = none;
  union {
    double number;
    std::int32_t whole;
  };
  Scalar() : number(0) {}
};

/// Appends `value` as MessagePack if it is a plain scalar. Never jumps.
[[nodiscard]] bool encode_scalar(SEXP value, std::string& out);

/// A MessagePack number, boolean or nil that fills `bytes`; none for all else.
[[nodiscard]] Scalar decode_scalar(std::span<const std::byte> bytes) noexcept;
/// Allocates: may jump.
[[nodiscard]] SEXP scalar_to_r(const Scalar& scalar);

/// Any value of a job as an R object: raw bytes, MessagePack, R's own. May jump (an R error names the
/// language that can read what R cannot).
[[nodiscard]] SEXP decode_jumping(Codec codec, std::span<const std::byte> bytes);

/// MessagePack of any shape: maps become named lists, binaries raw vectors. May jump.
[[nodiscard]] SEXP msgpack_to_r(std::span<const std::byte> bytes);

}  // namespace errand::r
