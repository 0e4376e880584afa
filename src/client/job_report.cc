// SPDX-License-Identifier: Apache-2.0
#include "client/job_report.h"

#include <map>

#include "client/find_job.h"
#include "client/reading_ahead.h"
#include "engine/engine.h"
#include "errand/job.h"
#include "share/sealing.h"
#include "status/status.h"
#include "system/try.h"

namespace errand::client {
namespace {

std::optional<JobReport> from_seal(const share::JobDirectory& job) {
  auto seal = job.seal();
  if (!seal) return std::nullopt;
  JobReport report;
  report.status = std::move(seal->report);
  report.sealed = true;
  report.at_rest = true;
  return report;
}

JobReport compute(share::JobDirectory& job, const status::EngineReport& engine) {
  Gathered gathered = gather(job, engine);
  const bool has_nobody = engine.alive == 0 && engine.waiting == 0 && !gathered.evidence.verdict_canceled;
  // The engine was asked after the directory was listed: what it knows no more may have ended in between.
  if (has_nobody && (gathered.index != nullptr || job.refresh())) {
    if (auto sealed = from_seal(job)) return *std::move(sealed);
    if (job.has(share::JobFileName::Kind::verdict)) gathered = gather(job, engine);
  }
  JobReport report;
  report.status = status::compute_status(gathered.evidence, engine);
  report.index = std::move(gathered.index);
  report.alive = engine.alive > 0;
  report.silent = engine.silent;
  const Progress& progress = report.status.progress;
  // An engine that cannot be asked has nothing left to do once every task has its outcome.
  bool done = progress.succeeded + progress.failed == progress.total;
  report.at_rest = is_settled(report.status.status) && engine.alive == 0 && (done || !engine.silent);
  return report;
}

status::EngineReport unknown_engine(const std::string& name, const Error& error) {
  status::EngineReport report;
  report.silent = true;
  report.engine = name;
  report.reason = error.message;
  return report;
}

std::string engine_name_of(share::JobDirectory& job) {
  auto manifest = job.manifest();
  return manifest ? (*manifest)->context.engine : std::string("local");
}

}  // namespace

std::vector<JobReport> reports_of(share::Place& place, std::span<share::JobDirectory* const> jobs) {
  std::vector<JobReport> reports(jobs.size());
  std::map<std::string, std::vector<std::size_t>> by_engine;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (auto sealed = from_seal(*jobs[i])) {
      reports[i] = *std::move(sealed);
    } else {
      by_engine[engine_name_of(*jobs[i])].push_back(i);
    }
  }
  for (const auto& [name, places] : by_engine) {
    std::vector<share::JobDirectory*> asked;
    for (std::size_t i : places) asked.push_back(jobs[i]);
    auto engine = engine::find_engine(name);
    auto answers = engine ? (*engine)->query(place, asked)
                          : std::vector(asked.size(), unknown_engine(name, engine.error()));
    std::vector<std::string> paths;
    paths.reserve(asked.size());
    for (const share::JobDirectory* job : asked) paths.push_back(job->path());
    ReadingAhead ahead(place.files(),
                       std::move(paths));  // behind the engine's answers: what is read is not older
    for (std::size_t k = 0; k < places.size(); ++k) {
      ahead.come_to(k);
      reports[places[k]] = compute(*asked[k], answers[k]);
      if (jobs.size() > 1) reports[places[k]].index.reset();  // each keeps its job's logs open
    }
  }
  return reports;
}

JobReport report_of(share::JobDirectory& job) {
  JobReport report;
  if (auto listed = job.refresh(); !listed) {
    bool gone = listed.error().code == ErrorCode::job_missing;
    status::Evidence evidence =
        gone ? absent_job(deletion_of(job.place(), job.id())) : unreadable_place(listed.error());
    report.status = status::compute_status(evidence, {});
    return report;
  }
  return report_as_listed(job);
}

JobReport report_as_listed(share::JobDirectory& job) {
  share::JobDirectory* one = &job;
  return std::move(reports_of(job.place(), {&one, 1}).front());
}

Result<JobReport> report_of(const JobRef& named) {
  JobReport report;
  auto place = locate(named);
  auto job = place ? share::JobDirectory::open(place->place, place->id)
                   : Result<std::unique_ptr<share::JobDirectory>>(place.error());
  if (job) {
    report = report_as_listed(**job);
    report.index.reset();  // it refers to the directory, which ends here
    return report;
  }
  switch (job.error().code) {
    case ErrorCode::ambiguous:
    case ErrorCode::invalid_argument:
      return std::move(job).error();
    case ErrorCode::job_missing:
    case ErrorCode::not_found: {
      std::string deleted = place ? deletion_of(*place->place, place->id) : std::string();
      report.status =
          status::compute_status(absent_job(deleted.empty() && !place ? job.error().message : deleted), {});
      return report;
    }
    default:
      report.status = status::compute_status(unreadable_place(job.error()), {});
      return report;
  }
}

void seal(share::JobDirectory& job, const JobReport& report) {
  if (auto verdict = job.verdict(); verdict && verdict->canceled && job.has(share::JobFileName::Kind::job)) {
    (void)share::record_canceled(job, *verdict);  // somebody died between the verdict and the removal
  } else if (!report.sealed && report.at_rest) {
    (void)share::write_seal(job, report.status);
  }
}

}  // namespace errand::client
