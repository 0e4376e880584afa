// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "errand/error.h"
#include "errand/function.h"

namespace errand::functions {

/// The function registered under `name`; it lives as long as the process. Thread-safe.
/// Errors: not_found (naming those there are), invalid_argument (the name was registered twice, or is no
/// name).
[[nodiscard]] Result<const detail::FunctionEntry*> find_function(std::string_view name);

}  // namespace errand::functions
