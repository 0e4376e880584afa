// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "errand/compute_context.h"
#include "errand/error.h"

/// The configuration file and what the environment sets over it (docs/configuration.md).
namespace errand::client {

/// What a configuration file says. The environment is not in it.
struct Configuration {
  ComputeContext defaults;             ///< the fields of [defaults] over the built-in values
  std::string active;                  ///< context = "..." of [defaults]; empty: not named
  std::vector<NamedContext> contexts;  ///< [contexts.*], sorted by name, inheritance resolved
};

/// $XDG_CONFIG_HOME/errand/config.toml.
[[nodiscard]] std::string configuration_path();

/// Reads the text of a file; pure, but that passwords of connection strings are remembered. `path` is for
/// messages and origins.
/// Errors: invalid_argument, beginning with file:line.
[[nodiscard]] Result<Configuration> parse_configuration(std::string_view text, const std::string& path);

/// The user's configuration; the built-in one if there is no file.
/// Errors: invalid_argument (file:line, or why the file cannot be read).
[[nodiscard]] Result<Configuration> load_configuration();

/// The built-in context that a name or alias (case ignored) means, over these defaults.
[[nodiscard]] std::optional<ComputeContext> built_in_context(std::string_view name,
                                                             const ComputeContext& defaults);

/// The context of that name, before the environment. Errors: not_found, naming those there are.
[[nodiscard]] Result<ComputeContext> context_named(const Configuration& configuration, std::string_view name);

/// ERRAND_SHARE_DIR and ERRAND_CORES over what the file says. Errors: invalid_argument.
[[nodiscard]] Result<void> apply_environment(ComputeContext& context);

}  // namespace errand::client
