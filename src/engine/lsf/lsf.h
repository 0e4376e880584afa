// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/scheduler/dialect.h"

namespace errand::engine::lsf {

/// What LSF's commands are asked and what they answer. Pure, but for the year of a finish time, which LSF
/// leaves to the reader's clock. lsf.md says what users see of it.
[[nodiscard]] const scheduler::Dialect& lsf_dialect();

}  // namespace errand::engine::lsf
