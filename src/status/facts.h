// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "errand/job_status.h"
#include "status/evidence.h"

namespace errand::status {

/// The words the rules use, worked out once from the two inputs. Counts are sane whatever came in:
/// sums stop at the largest number, the progress never exceeds the total.
struct Facts {
  std::uint64_t outcomes = 0;  ///< tasks with a counting outcome
  std::uint64_t failures = 0;  ///< of them errors and tasks given up
  bool ended = false;          ///< closed, and every task has a durable outcome that counts
  bool caught_up = false;      ///< every task there is has an outcome and none is to be run again
  bool alive = false;
  bool waiting = false;
  bool submitting = false;  ///< no engine id yet, and the submitter may still write one
  bool started = false;     ///< something started at some time
  bool silent = false;
  bool all_gone = false;
  Progress live;   ///< while more may come: the rest waits
  Progress still;  ///< when nothing more comes: nothing runs, nothing waits
};

[[nodiscard]] Facts work_out(const Evidence& evidence, const EngineReport& engine);

}  // namespace errand::status
