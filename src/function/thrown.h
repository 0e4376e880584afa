// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "errand/job_result.h"

namespace errand::functions {

/// The exception being handled, as a failure (task and attempt left at 0): its type, its what(), and as
/// traceback the exceptions nested in it. Requires to be called inside a catch block.
/// `memory_limited`: std::bad_alloc then is the limit's doing.
[[nodiscard]] TaskFailure describe_thrown(bool memory_limited);

}  // namespace errand::functions
