// SPDX-License-Identifier: Apache-2.0
#include "client/job_report.h"
#include "errand/job.h"
#include "system/try.h"

namespace errand {

Result<StatusReport> get_job_status(const JobRef& job) {
  TRY(client::JobReport report, client::report_of(job));
  return std::move(report.status);
}

}  // namespace errand
