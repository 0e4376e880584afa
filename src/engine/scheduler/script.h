// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "engine/scheduler/dialect.h"
#include "errand/error.h"

namespace errand::engine::scheduler {

/// A submit script's template and where it is from.
struct Template {
  std::string text;
  std::string origin;  ///< a path, or "built in"
};

/// The first there is of: the option `template` of the context (it must exist), <engine>.template in the
/// share directory, in errand/ of the user's configuration directory, in /etc/errand; the built-in one.
/// Errors: invalid_argument (the named one cannot be read).
[[nodiscard]] Result<Template> find_template(const Dialect& dialect, const std::string& share_dir,
                                             const std::map<std::string, std::string>& options);

/// The script: every {{name}} replaced by what it stands for. Errors: invalid_argument (a placeholder that
/// does not exist, naming those that do, or one that is not closed).
[[nodiscard]] Result<std::string> fill_template(const Template& from,
                                                const std::map<std::string, std::string>& placeholders);

}  // namespace errand::engine::scheduler
