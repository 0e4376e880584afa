// SPDX-License-Identifier: Apache-2.0
#pragma once

// Errors as values: the parser must not throw.
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <string>

#include "errand/compute_context.h"
#include "errand/error.h"

/// The fields of a compute context as keys of a TOML table.
namespace errand::client {

/// An invalid_argument that begins with file:line.
[[nodiscard]] Error error_at(const std::string& path, const toml::source_region& where,
                             const std::string& message, const std::string& hint = {});

/// Sets the context's fields that `table` names. `also_known` is a key that the caller reads itself.
/// Errors: invalid_argument for an unknown key (naming the known ones) or a value that cannot be meant.
[[nodiscard]] Result<void> set_fields(ComputeContext& context, const toml::table& table,
                                      const std::string& table_name, std::string_view also_known,
                                      const std::string& path);

}  // namespace errand::client
