// SPDX-License-Identifier: Apache-2.0
#include "engine/scheduler/sightings.h"

namespace errand::engine::scheduler {

void Sightings::take(const std::string& job, std::int64_t now_ns, std::int64_t visibility_ns,
                     status::EngineReport& report) {
  if (visibility_ns == 0) return;
  const std::lock_guard lock(mutex_);
  std::erase_if(alive_, [&](const auto& seen) { return now_ns - seen.second >= visibility_ns; });
  if (report.alive > 0 || report.waiting > 0) {
    alive_[job] = now_ns;
  } else if (alive_.contains(job)) {
    report.ended_recently += report.gone + report.forgotten;
    report.gone = report.forgotten = 0;
  }
}

}  // namespace errand::engine::scheduler
