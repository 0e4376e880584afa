// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "binding.h"
#include "errand/language.h"

namespace errand::python {

/// The call that errand.call.describe made: worker, fork, name, signature, function, arguments.
[[nodiscard]] language::Call as_call(const nb::dict& described);

/// seed, task_chunk_size, continue_on_failure, console_output, auto_cleanup; None and absent mean unset.
[[nodiscard]] ExecOptions as_options(const nb::dict& options);

}  // namespace errand::python
