// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "client/console_text.h"
#include "client/find_job.h"
#include "client/job_report.h"
#include "client/outcome_delivery.h"
#include "client/reader_hold.h"
#include "client/wait.h"
#include "engine/engine.h"
#include "errand/job.h"
#include "system/try.h"

namespace errand::client {
namespace {

struct Failures {
  std::uint64_t count = 0;
  std::string first;
};

/// Passes everything on and keeps what the warning needs.
class CountingVisitor final : public detail::OutcomeVisitor {
 public:
  explicit CountingVisitor(detail::OutcomeVisitor& to) : to_(to) {}
  void begin(std::uint64_t tasks) override { to_.begin(tasks); }
  Result<void> value(std::uint64_t task, std::uint32_t attempt, const EncodedView& value) override {
    return to_.value(task, attempt, value);
  }
  void failure(TaskFailure failure) override {
    if (failures.count++ == 0)
      failures.first = "task " + std::to_string(failure.task) + ": " + failure.message;
    to_.failure(std::move(failure));
  }
  Failures failures;

 private:
  detail::OutcomeVisitor& to_;
};

Error not_to_be_had(const share::JobDirectory& job, const StatusReport& report) {
  std::string message = "job " + job.id() + " has no results: " + report.reason;
  switch (report.status) {
    case JobStatus::failed:
      return {ErrorCode::job_failed, message, false,
              "retry_job runs the tasks without a value again; get_partial_results gives what there is", 0};
    case JobStatus::canceled:
      return {ErrorCode::job_canceled, message, false, "submit it again", 0};
    case JobStatus::missing:
      return {ErrorCode::job_missing, "job " + job.id() + " is " + report.reason, false, "", 0};
    default:
      return {ErrorCode::not_finished,
              "job " + job.id() + " is not finished: " + report.reason + " (" +
                  std::to_string(report.progress.succeeded + report.progress.failed) + " of " +
                  std::to_string(report.progress.total) + " tasks have ended)",
              true, "wait_for_job waits; get_partial_results gives what there is", 0};
  }
}

/// The seal says that all is there, the logs do not: removed meanwhile, or damaged.
Error incomplete(share::JobDirectory& job, const share::OutcomeIndex& index, std::uint64_t total) {
  if (!job.refresh()) return job_missing(job.place(), job.id());
  std::string why = index.problems().empty() ? std::string() : ": " + index.problems().front();
  return {ErrorCode::corrupt,
          "job " + job.id() + " has readable outcomes of " + std::to_string(index.counts().all()) + " of " +
              std::to_string(total) + " tasks" + why,
          false, "get_partial_results gives what can be read", 0};
}

Result<void> visit_all(share::JobDirectory& job, JobReport& report, detail::OutcomeVisitor& visitor) {
  const std::uint64_t total = report.status.progress.total;
  visitor.begin(total);
  if (!report.index) {
    report.index = std::make_unique<share::OutcomeIndex>(job);
    TRY_VOID(report.index->read_listed(total));  // what is sealed gets no more files
  }
  if (report.index->counts().all() < total) return incomplete(job, *report.index, total);
  OutcomeDelivery delivery(job);
  for (std::uint64_t task = 0; task < total; ++task) {
    TRY_VOID(delivery.deliver(*report.index, task, visitor));
  }
  return {};
}

/// Tasks of which all values together are small enough to be read with one or two looks, if none lies in a
/// file of large ones.
constexpr std::uint64_t few_tasks = 64;

bool is_read_in_a_moment(const share::JobDirectory& job, const StatusReport& status) {
  return status.progress.total <= few_tasks && !job.has(share::JobFileName::Kind::values);
}

std::string warning_of(const Failures& failures, std::uint64_t total, const std::string& kept) {
  std::string text;
  if (failures.count > 0) {
    text = std::to_string(failures.count) + " of " + std::to_string(total) + " tasks failed; the first, " +
           failures.first + "; retry_job (errand retry) runs them again.";
  }
  if (!kept.empty()) text += (text.empty() ? "" : " ") + kept;
  return text;
}

/// How long the last worker of a finished job may take to end.
constexpr std::chrono::milliseconds ending_patience{1'000};

/// Outcomes are durable a moment before the worker that recorded them has ended.
bool comes_to_rest(share::JobDirectory& job) {
  WaitOptions options;
  options.timeout = ending_patience;
  return wait_until(job, options, [](const JobReport& report) { return report.at_rest; }).ok();
}

/// Removes the artifacts if everything allows it; else says why they stay.
std::string clean_up(share::JobDirectory& job, ReaderHold& hold, bool at_rest, const Failures& failures,
                     const std::string& engine_name) {
  if (failures.count > 0) return "The job was kept although auto_cleanup is on.";
  if (!at_rest && !comes_to_rest(job)) return "The job was kept: something of it is still alive.";
  if (!hold.is_alone()) return "The job was kept: another reader holds it, or it cannot be written.";
  auto trash = job.place().discard_job(job.id(), "its results were fetched");
  if (!trash && trash.error().code == ErrorCode::job_missing) return {};
  if (!trash) return "The job was kept: " + trash.error().message + ".";
  hold.job_is_gone();
  // Removed it is; unlinking may wait for the disk, and the caller need not.
  auto engine = engine::find_engine(engine_name);
  if (!engine || !(*engine)->empty_trash(job.place())) (void)job.place().files().remove_tree(*trash);
  return {};
}

void to_standard_output(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

Result<void> show_console(share::JobDirectory& job, const TextSink& asked) {
  TRY(ConsoleText text, ConsoleText::gather(job, {}));
  TRY_VOID(text.write(asked ? asked : TextSink(to_standard_output)));
  if (!asked) std::fflush(stdout);
  return {};
}

}  // namespace
}  // namespace errand::client

namespace errand::detail {

Result<std::string> visit_results(const JobRef& named, const ResultOptions& options,
                                  OutcomeVisitor& visitor) {
  TRY(auto job, client::open_job(named));
  client::JobReport report = client::report_as_listed(*job);
  if (report.status.status != JobStatus::finished) return client::not_to_be_had(*job, report.status);
  TRY(const share::Manifest* manifest, job->manifest());
  const bool cleanup = options.auto_cleanup.value_or(manifest->context.auto_cleanup);
  const bool console = options.console_output.value_or(manifest->context.console_output);
  client::ReaderHold hold(*job);
  if (console || !client::is_read_in_a_moment(*job, report.status)) hold.take();
  if (console) TRY_VOID(client::show_console(*job, options.console));
  client::CountingVisitor counting(visitor);
  TRY_VOID(client::visit_all(*job, report, counting));
  std::string kept;
  if (cleanup)
    kept = client::clean_up(*job, hold, report.at_rest, counting.failures, manifest->context.engine);
  if (!cleanup || !kept.empty()) {
    client::seal(*job, report);
    hold.mark_fetched();
  }
  return client::warning_of(counting.failures, report.status.progress.total, kept);
}

}  // namespace errand::detail
