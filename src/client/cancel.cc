// SPDX-License-Identifier: Apache-2.0
#include "client/cancel.h"

#include "client/console_text.h"
#include "client/find_job.h"
#include "client/job_report.h"
#include "client/request.h"
#include "client/wait.h"
#include "system/try.h"

namespace errand::client {
namespace {

/// What had been written, if the job wants it shown: read before the request, because carrying it out
/// removes the text.
std::string text_so_far(share::JobDirectory& job) {
  auto manifest = job.manifest();
  if (!manifest || !(*manifest)->context.console_output) return {};
  auto text = ConsoleText::gather(job, {});
  std::string all;
  if (text) (void)text->write([&all](std::string_view piece) { all += piece; });
  return all;
}

CancelReport too_late(const StatusReport& status) {
  return {false, "it had ended: " + status.reason, {}};
}

/// True when nothing more will come of the cancel: a verdict answers it, every task had ended, or the job
/// is gone.
bool is_answered(share::JobDirectory& job, std::uint32_t request, const JobReport& report) {
  if (report.status.status == JobStatus::missing) return true;
  auto verdict = job.verdict();
  if (verdict && (verdict->canceled || verdict->request >= request)) return true;
  return report.status.status == JobStatus::finished || report.status.status == JobStatus::failed;
}

CancelReport answer(share::JobDirectory& job, std::uint32_t request, const JobReport& report,
                    const std::string& handed_over) {
  auto verdict = job.verdict();
  // A verdict on earlier requests: another call canceled it before this one had asked.
  if (verdict && verdict->canceled && verdict->request < request) return too_late(report.status);
  if (verdict && verdict->canceled) return {true, report.status.reason, {}};
  if (report.status.status == JobStatus::canceled) return {true, report.status.reason, {}};
  if (is_settled(report.status.status)) return too_late(report.status);
  std::string still = "the cancel was left with the job, which is still ending: " + report.status.reason;
  return {false, handed_over.empty() ? still : still + "; " + handed_over, {}};
}

/// It was removed, or canceled and emptied by another call, since it was looked at.
Result<CancelReport> gone_meanwhile(share::JobDirectory& job, const Error& error) {
  if (error.code != ErrorCode::job_missing) return error;
  return too_late(report_of(job).status);
}

}  // namespace

Result<CancelReport> cancel(share::JobDirectory& job) {
  JobReport before = report_of(job);
  const bool pending = job.cancel_pending();
  if (is_settled(before.status.status) && !pending) return too_late(before.status);
  before.index.reset();
  std::string text = text_so_far(job);
  auto engine = engine_of(job);
  if (!engine) return gone_meanwhile(job, engine.error());
  auto asked = job.add_request(make_request(job, share::Request::Kind::cancel));
  if (!asked) return gone_meanwhile(job, asked.error());
  TRY(std::string handed_over, (*engine)->attend(job.place(), job));
  // Another host has to act: it can only be told.
  WaitOptions options;
  options.timeout = handed_over.empty() ? cancel_patience : std::chrono::milliseconds(0);
  auto waited = wait_until(job, options, [&](const JobReport& report) {
    if (is_answered(job, *asked, report)) return true;
    (void)(*engine)->attend(job.place(), job);  // in case whoever was told has died
    return false;
  });
  if (!waited && waited.error().code != ErrorCode::timeout) return std::move(waited).error();
  JobReport after = waited ? *std::move(waited) : report_of(job);
  CancelReport report = answer(job, *asked, after, handed_over);
  if (report.canceled) report.output = std::move(text);
  return report;
}

}  // namespace errand::client

namespace errand {

Result<CancelReport> cancel_job(const JobRef& named) {
  auto job = client::open_job(named, true);
  if (!job && (job.error().code == ErrorCode::job_missing || job.error().code == ErrorCode::not_found)) {
    return CancelReport{false, job.error().message, {}};
  }
  if (!job) return std::move(job).error();
  return client::cancel(**job);
}

}  // namespace errand
