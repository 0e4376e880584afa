// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "binding.h"
#include "errand/encoding.h"

namespace errand::python {

/// Writes a task's value: scalars as MessagePack, long bytes raw, everything else as a pickle whose large
/// buffers follow it uncopied. False, with a Python exception set and nothing begun, for what cannot be
/// pickled. Throws std::system_error as the sink does.
[[nodiscard]] bool encode_value(ValueSink& sink, PyObject* value);

/// A new reference, or nullptr with a Python exception set. Large buffers are used where they lie.
[[nodiscard]] PyObject* decode_value(const EncodedView& view);

/// Appends one argument of one task. Raises what pickling raises.
void append_argument(std::string& out, PyObject* value);

}  // namespace errand::python
