// SPDX-License-Identifier: Apache-2.0
#include "launchpad/complaints.h"

#include "launchpad/patience.h"

namespace errand::launchpad {

std::string words_of(const Error& error) {
  return error.hint.empty() ? error.message : error.message + " (hint: " + error.hint + ")";
}

bool Complaints::is_due(const std::string& subject, const Error& error, std::int64_t now_ns) {
  auto [said, is_first] = said_.try_emplace(subject);
  if (!is_first && said->second.code == error.code && now_ns - said->second.when_ns < complaint_interval_ns)
    return false;
  said->second = {error.code, now_ns};
  return true;
}

}  // namespace errand::launchpad
