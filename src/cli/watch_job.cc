// SPDX-License-Identifier: Apache-2.0
#include "cli/watch_job.h"

#include <fmt/format.h>

#include "cli/interruption.h"
#include "cli/progress_bar.h"

namespace errand::cli {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// The bar's line on standard error; taken away again at the end.
class ProgressLine {
 public:
  ProgressLine(OutputStream& err, const Terminal& terminal) : err_(err), terminal_(terminal) {}
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  ~ProgressLine() {
    if (shown_) err_.write("\r\x1b[K");
    err_.flush();
  }

  void show(const StatusReport& report) {
    auto elapsed = std::chrono::duration_cast<std::chrono::seconds>(SteadyClock::now() - start_);
    err_.write("\r" + progress_bar(report, elapsed, terminal_) + "\x1b[K");
    err_.flush();
    shown_ = true;
  }

 private:
  OutputStream& err_;
  const Terminal& terminal_;
  SteadyClock::time_point start_ = SteadyClock::now();
  bool shown_ = false;
};

Error with_way_back(Error error, const JobRef& job) {
  std::string tail = id_tail(job.id());
  if (error.code == ErrorCode::interrupted) {
    error.message = fmt::format("interrupted; job {} goes on", job.id());
    error.hint = fmt::format("come back with: errand wait {0}, or stop it with: errand cancel {0}", tail);
  } else if (error.code == ErrorCode::timeout) {
    error.hint = fmt::format("the job goes on; come back with: errand wait {}", tail);
  }
  return error;
}

}  // namespace

Result<StatusReport> watch_job(Session& session, const JobRef& job,
                               std::optional<std::chrono::milliseconds> timeout) {
  Interruption interruption;
  WaitOptions options;
  options.timeout = timeout;
  options.interrupted = [](bool) { return Interruption::requested(); };
  bool bar = session.err_terminal().interactive && !session.options.quiet && !session.options.json;
  Result<StatusReport> waited = [&] {
    ProgressLine line(session.err(), session.err_terminal());
    if (bar) options.progress = [&line](const StatusReport& report) { line.show(report); };
    return wait_for_job(job, options);
  }();
  if (!waited) return with_way_back(waited.error(), job);
  return waited;
}

}  // namespace errand::cli
