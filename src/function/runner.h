// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "worker/task_runner.h"

namespace errand::functions {

/// A runner for the languages that this program can run by itself: "c++" and "program". Which one is
/// decided by the job's manifest, in prepare(); any other language is refused there.
[[nodiscard]] std::unique_ptr<worker::TaskRunner> make_runner();

}  // namespace errand::functions
