// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cmath>

#include "context_fields.h"
#include "errand/version.h"
#include "routines.h"

using namespace errand;
using namespace errand::r;

namespace {

/// `value` made into an R object, or the failure.
template <class T, class ToR>
SEXP answer(const Result<T>& result, ToR&& to_r) {
  return cpp11::unwind_protect([&]() -> SEXP { return result ? to_r(*result) : error_to_r(result.error()); });
}

/// R's interrupt (Ctrl-C, ESC), asked for without jumping; it is forgotten by the question.
bool was_interrupted(bool) {
  return R_ToplevelExec([](void*) { R_CheckUserInterrupt(); }, nullptr) == FALSE;
}

/// One line on the terminal that is written again and again, once a job takes longer than a moment.
class ProgressLine {
 public:
  explicit ProgressLine(bool wanted) : wanted_(wanted), begin_(Clock::now()) {}
  ~ProgressLine() {
    if (shown_) REprintf("\r%*s\r", width, "");
  }
  void show(const StatusReport& report) {
    if (!wanted_ || report.progress.total == 0 || Clock::now() - begin_ < patience) return;
    const Progress& progress = report.progress;
    auto filled = static_cast<int>(bar * (progress.succeeded + progress.failed) / progress.total);
    REprintf("\r[%.*s%*s] %.0f of %.0f%s%.0f failed  ", filled,
             "==============================", bar - filled, "",
             static_cast<double>(progress.succeeded + progress.failed), static_cast<double>(progress.total),
             ", ", static_cast<double>(progress.failed));
    shown_ = true;
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr int bar = 30;
  static constexpr int width = 79;
  static constexpr std::chrono::milliseconds patience{700};  ///< shorter jobs need no bar
  bool wanted_;
  bool shown_ = false;
  Clock::time_point begin_;
};

/// R's strings end at a zero byte.
void without_zeros(std::string& text) {
  for (std::size_t at = text.find('\0'); at != text.npos; at = text.find('\0', at))
    text.replace(at, 1, "\\0");
}

SEXP jobs_to_r(const std::vector<JobSummary>& jobs) {
  auto size = static_cast<R_xlen_t>(jobs.size());
  SEXP list = PROTECT(Rf_allocVector(VECSXP, size));
  for (R_xlen_t i = 0; i < size; ++i) {
    const JobSummary& job = jobs[static_cast<std::size_t>(i)];
    ListBuilder fields(12);
    fields.add("id", job.id);
    fields.add("place", job.place);
    fields.add("function", job.function);
    fields.add("status", job.status ? to_string(*job.status) : std::string_view("none"));
    fields.add("reason", job.reason);
    fields.add("succeeded", static_cast<double>(job.progress.succeeded));
    fields.add("failed", static_cast<double>(job.progress.failed));
    fields.add("total", static_cast<double>(job.progress.total));
    fields.add("created", static_cast<double>(job.created_ns) / 1e9);
    fields.add("modified", static_cast<double>(job.modified_ns) / 1e9);
    fields.add("host", job.host);
    fields.add("user", job.user);
    SET_VECTOR_ELT(list, i, fields.get());
  }
  UNPROTECT(1);
  return list;
}

SEXP info_to_r(const JobInfo& info) {
  ListBuilder fields(14);
  SEXP summary = PROTECT(jobs_to_r({info.summary}));
  fields.add("summary", VECTOR_ELT(summary, 0));
  UNPROTECT(1);
  fields.add("context", context_to_r(info.context));
  fields.add("workingDirectory", info.working_directory);
  fields.add("environment", texts_to_r(info.environment));
  fields.add("seed", info.seed ? Rf_ScalarReal(static_cast<double>(*info.seed)) : R_NilValue);
  fields.add("taskChunkSize", static_cast<double>(info.chunk_size));
  fields.add("continueOnFailure", info.continue_on_failure);
  fields.add("program", info.program);
  fields.add("signature", info.signature);
  fields.add("workers", static_cast<double>(info.workers.size()));
  fields.add("requests", static_cast<double>(info.requests));
  fields.add("cpuSeconds", static_cast<double>(info.used.cpu_time.count()) / 1e3);
  fields.add("peakMemory", static_cast<double>(info.used.peak_memory));
  fields.add("hosts", texts_to_r(info.used.hosts));
  return fields.get();
}

std::optional<std::int64_t> nanoseconds(SEXP seconds) {
  if (Rf_isNull(seconds)) return {};
  return static_cast<std::int64_t>(std::floor(Rf_asReal(seconds) * 1e9));
}

}  // namespace

extern "C" SEXP errand_status(SEXP job) {
  return call_body([&] { return answer(get_job_status(job_of(job)), status_to_r); });
}

/// `timeout` in seconds or NULL; `progress` TRUE: a bar on the terminal.
extern "C" SEXP errand_wait(SEXP job, SEXP timeout, SEXP progress) {
  return call_body([&] {
    WaitOptions options;
    if (!Rf_isNull(timeout)) {
      options.timeout = std::chrono::milliseconds(static_cast<std::int64_t>(Rf_asReal(timeout) * 1000));
    }
    options.interrupted = was_interrupted;
    ProgressLine line(Rf_asLogical(progress) == TRUE && isatty(STDERR_FILENO) != 0);
    options.progress = [&line](const StatusReport& report) { line.show(report); };
    return answer(wait_for_job(job_of(job), options), status_to_r);
  });
}

extern "C" SEXP errand_output(SEXP job) {
  return call_body([&] {
    Result<std::string> output = get_job_output(job_of(job));
    if (output) without_zeros(*output);
    return answer(output, text_to_r);
  });
}

extern "C" SEXP errand_cancel(SEXP job) {
  return call_body([&] {
    return answer(cancel_job(job_of(job)), [](const CancelReport& report) {
      ListBuilder fields(3);
      fields.add("canceled", report.canceled);
      fields.add("message", report.message);
      fields.add("output", report.output);
      return fields.get();
    });
  });
}

extern "C" SEXP errand_retry(SEXP job) {
  return call_body([&] {
    return answer(retry_job(job_of(job)), [](const RetryReport& report) {
      ListBuilder fields(2);
      fields.add("tasks", static_cast<double>(report.tasks));
      fields.add("message", report.message);
      return fields.get();
    });
  });
}

/// `jobs`: a list of c(id, place).
extern "C" SEXP errand_cleanup(SEXP jobs, SEXP force, SEXP verbose) {
  return call_body([&] {
    std::vector<JobRef> named;
    for (R_xlen_t i = 0; i < XLENGTH(jobs); ++i) named.push_back(job_of(VECTOR_ELT(jobs, i)));
    CleanupOptions options;
    options.force = Rf_asLogical(force) == TRUE;
    std::vector<std::string> paths;
    if (Rf_asLogical(verbose) == TRUE)
      options.removed = [&](std::string_view path) { paths.emplace_back(path); };
    return answer(cleanup_jobs(named, options), [&](const CleanupReport& report) {
      ListBuilder fields(3);
      fields.add("removed", texts_to_r(report.removed));
      fields.add("warnings", texts_to_r(report.warnings));
      fields.add("paths", texts_to_r(paths));
      return fields.get();
    });
  });
}

extern "C" SEXP errand_jobs(SEXP context, SEXP exact, SEXP start, SEXP end, SEXP states) {
  return call_body([&] {
    JobsOptions options;
    options.exact_match = Rf_asLogical(exact) == TRUE;
    options.start_ns = nanoseconds(start);
    options.end_ns = nanoseconds(end);
    options.states = texts_of(states);
    return answer(get_jobs(context_of(context), options), jobs_to_r);
  });
}

extern "C" SEXP errand_info(SEXP job) {
  return call_body([&] { return answer(get_job_info(job_of(job)), info_to_r); });
}

extern "C" SEXP errand_find(SEXP job) {
  return call_body([&] { return answer(find_job(job_of(job)), job_to_r); });
}

extern "C" SEXP errand_last() {
  return call_body([&] { return answer(last_pending_job(), job_to_r); });
}

extern "C" SEXP errand_version() {
  return call_body(
      [&] { return cpp11::unwind_protect([]() -> SEXP { return text_to_r(errand::version); }); });
}
