// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "errand/language.h"
#include "worker/task_runner.h"

namespace errand::functions {

/// Another language's runner as the worker loop wants one.
[[nodiscard]] std::unique_ptr<worker::TaskRunner> adapt_runner(std::unique_ptr<language::Runner> runner);

}  // namespace errand::functions
