// SPDX-License-Identifier: Apache-2.0
#include "client/find_job.h"
#include "client/outcome_delivery.h"
#include "errand/job.h"
#include "system/try.h"

namespace errand::detail {

Result<void> visit_partial_results(const JobRef& named, OutcomeVisitor& visitor) {
  TRY(auto job, client::open_job(named));
  TRY(share::TaskSource * tasks, client::content_of(*job));
  const std::uint64_t total = tasks->total();
  visitor.begin(total);
  share::OutcomeIndex index(*job);
  TRY_VOID(index.refresh(total));
  client::OutcomeDelivery delivery(*job);
  for (std::uint64_t task = 0; task < total; ++task) {
    if (index.has(task)) TRY_VOID(delivery.deliver(index, task, visitor));
  }
  return {};
}

}  // namespace errand::detail
