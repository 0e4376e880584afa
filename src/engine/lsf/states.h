// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "engine/scheduler/dialect.h"

namespace errand::engine::lsf {

/// What a state of LSF means. Pure; total: words that are not in the tables give ElementState::unknown, or a
/// reason that quotes them.
struct Meaning {
  scheduler::ElementState state = scheduler::ElementState::unknown;
  std::string reason;  ///< "waiting for another job (PEND, Job dependency condition not satisfied)"
  bool blocked = false;
};

/// What bjobs says of an element; fields that it did not show are empty.
struct Said {
  std::string_view state;        ///< "PEND", "RUN" ...
  std::string_view pend_reason;  ///< "New job is waiting for scheduling;"
  std::string_view exit_reason;  ///< "TERM_OWNER: job killed by owner"
  std::string_view exit_code;
};
[[nodiscard]] Meaning read_state(const Said& said);

}  // namespace errand::engine::lsf
