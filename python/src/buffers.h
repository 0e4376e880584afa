// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "binding.h"
#include "errand/buffer.h"

namespace errand::python {

/// Shared bytes of the core as a Python object with the buffer protocol: a mapped file is used in place.
struct SharedBytes {
  Buffer buffer;
  bool writable = false;  ///< private to this process: its changes reach no file
};

[[nodiscard]] nb::object share_bytes(Buffer buffer, bool writable);

/// Several byte strings as one: a head of their lengths, each part at a multiple of 64 from the beginning.
void append_parts(std::string& out, nb::handle parts);
/// The parts again, in place; nothing if the bytes are none.
[[nodiscard]] std::vector<std::span<const std::byte>> split_parts(std::span<const std::byte> bytes);

}  // namespace errand::python
