// SPDX-License-Identifier: Apache-2.0
#include "client/summary.h"

#include "share/names.h"

namespace errand::client {

JobSummary summary_of(share::Seal seal, std::string id, const share::Place& place) {
  JobSummary summary;
  summary.id = std::move(id);
  summary.place = place.path();
  summary.function = std::move(seal.function);
  summary.status = seal.report.status;
  summary.reason = std::move(seal.report.reason);
  summary.progress = seal.report.progress;
  summary.created_ns = seal.created_ns;
  summary.modified_ns = seal.sealed_ns;
  summary.engine = std::move(seal.engine);
  summary.host = std::move(seal.host);
  summary.user = std::move(seal.user);
  return summary;
}

std::int64_t modified_ns_of(share::JobDirectory& job) {
  auto info = job.place().files().info(job.path());
  return info ? info->modified_ns : share::id_time_ms(job.id()) * 1'000'000;
}

JobSummary summary_of(share::JobDirectory& job, const StatusReport& status, std::int64_t modified_ns) {
  if (auto seal = job.seal()) return summary_of(*std::move(seal), job.id(), job.place());
  JobSummary summary;
  summary.id = job.id();
  summary.place = job.place().path();
  summary.status = status.status;
  summary.reason = status.reason;
  summary.progress = status.progress;
  summary.created_ns = share::id_time_ms(job.id()) * 1'000'000;
  if (auto manifest = job.manifest()) {
    summary.function = (*manifest)->function;
    summary.created_ns = (*manifest)->created_ns;
    summary.engine = (*manifest)->context.engine;
    summary.host = (*manifest)->submitter.host;
    summary.user = (*manifest)->user;
  }
  summary.modified_ns = modified_ns;
  return summary;
}

}  // namespace errand::client
