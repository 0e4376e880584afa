// SPDX-License-Identifier: Apache-2.0
#include "client/submission.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "client/environment.h"
#include "client/history.h"
#include "client/job_report.h"
#include "client/open_place.h"
#include "client/wait.h"
#include "engine/own_program.h"
#include "errand/version.h"
#include "share/names.h"
#include "system/clock.h"
#include "system/processes.h"
#include "system/try.h"
#include "system/user_name.h"

namespace errand::client {
namespace {

constexpr const char* own_program = "/proc/self/exe";

Error refuse_context(std::string message) {
  return {ErrorCode::invalid_argument, std::move(message), false, "", 0};
}

Result<void> check(const ComputeContext& context) {
  if (context.cores < 0)
    return refuse_context("cores is " + std::to_string(context.cores) + "; 0 means all of them");
  if (context.lost_task_retries < 0) return refuse_context("lost_task_retries must not be negative");
  if (!context.working_directory.empty() && context.working_directory[0] != '/') {
    return refuse_context("working_directory is " + context.working_directory + "; give an absolute path");
  }
  if (context.task_time_limit.count() < 0) return refuse_context("task_time_limit must not be negative");
  return {};
}

/// From /proc, because umask() would change it for the other threads of this process.
std::uint32_t current_umask() {
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/proc/self/status", "re"), std::fclose);
  std::array<char, 256> line{};
  unsigned mask = 0;
  while (file && std::fgets(line.data(), line.size(), file.get()) != nullptr) {
    if (std::sscanf(line.data(), "Umask: %o", &mask) == 1) return mask;
  }
  return 022;
}

Result<std::string> current_directory() {
  std::error_code problem;
  std::string path = std::filesystem::current_path(problem).string();
  if (!problem) return path;
  return Error{ErrorCode::invalid_argument, "the working directory cannot be named: " + problem.message(),
               false, "change to a directory that exists", problem.value()};
}

Result<void> fill(share::Manifest& manifest, const ComputeContext& context, const ExecOptions& options,
                  const std::string& place, std::int64_t now_ns) {
  static const std::string user = system::user_name();
  static const system::ProcessId self = system::system_processes().self();
  manifest.created_ns = now_ns;
  manifest.id = share::make_job_id(manifest.created_ns);
  manifest.context = context;
  manifest.context.share_dir = place;
  manifest.context.console_output = options.console_output.value_or(context.console_output);
  manifest.context.auto_cleanup = options.auto_cleanup.value_or(context.auto_cleanup);
  manifest.working_directory = context.working_directory;
  if (manifest.working_directory.empty()) {
    TRY(manifest.working_directory, current_directory());
  }
  TRY(manifest.environment, capture_environment(context));
  manifest.seed = options.seed;
  manifest.chunk_size = options.task_chunk_size.value_or(0);
  manifest.continue_on_failure = options.continue_on_failure.value_or(true);
  manifest.user = user;
  manifest.umask = current_umask();
  // A forked child of a submitter is a submitter of its own.
  manifest.submitter = self.pid == getpid() ? self : system::system_processes().self();
  manifest.submitter_version = std::string(version);
  return {};
}

/// A handler of the program's own for SIGINT: without one the signal would have ended the process, so
/// whatever else interrupted the wait is none of its business.
bool program_handles_interruption(bool signal) {
  if (!signal) return false;
  struct sigaction action {};
  if (sigaction(SIGINT, nullptr, &action) != 0) return false;
  if ((action.sa_flags & SA_SIGINFO) != 0) return true;
  return action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN;
}

}  // namespace

Result<Submission> Submission::begin(const ComputeContext& context, const ExecOptions& options) {
  TRY_VOID(check(context));
  Submission submission;
  TRY(submission.engine_, engine::find_engine(context.engine));
  TRY(submission.place_, open_place(resolve_share_dir(context), true));
  TRY_VOID(fill(submission.manifest, context, options, submission.place_->path(),
                submission.place_->clock().now_ns()));
  return submission;
}

Result<share::Manifest> Submission::plan(const ComputeContext& context, const ExecOptions& options) {
  TRY_VOID(check(context));
  share::Manifest manifest;
  TRY_VOID(fill(manifest, context, options, resolve_share_dir(context), system::system_clock().now_ns()));
  return manifest;
}

Result<void> Submission::prepare() {
  return engine_->prepare(*place_, manifest.context);
}

Result<void> Submission::use_own_program() {
  if (!engine::is_own_program()) {
    return Error{ErrorCode::not_supported,
                 "this program cannot run its functions in workers: errand::init was not called", false,
                 "call errand::init(argc, argv) first in main", 0};
  }
  static const std::string path = [] {
    std::error_code problem;
    return std::filesystem::read_symlink(own_program, problem).string();
  }();
  TRY(manifest.program_hash, share::snapshot_program(*place_, own_program, false));
  manifest.program_path = path;
  manifest.worker.argv = {"@program", "--errand-worker"};
  manifest.worker.fork = true;
  return {};
}

Result<std::unique_ptr<system::File>> Submission::publish(const std::string& content) {
  return publish([&content](system::File& file) {
    return file.append(std::as_bytes(std::span(content.data(), content.size())));
  });
}

Result<std::unique_ptr<system::File>> Submission::publish(const share::JobContent& write) {
  auto published = share::publish_job(*place_, manifest, write);
  const bool program_may_be_gone = !published && published.error().code == ErrorCode::not_found;
  if (!program_may_be_gone || manifest.program_hash.empty()) return published;
  TRY(manifest.program_hash, share::snapshot_program(*place_, own_program));
  return share::publish_job(*place_, manifest, write);
}

Result<JobRef> Submission::remember() const {
  (void)record_submission(manifest.id, place_->path());  // a convenience: it must not fail a submission
  return JobRef(manifest.id, place_->path());
}

Result<JobRef> Submission::hand_over() {
  auto submitted = engine_->submit(*place_, manifest.id);
  if (!submitted && submitted.error().code == ErrorCode::engine_refused) {
    (void)place_->remove_job(manifest.id, "refused: " + submitted.error().message);
    return std::move(submitted).error();
  }
  // Any other failure leaves a recorded job that the next verb brings to the engine.
  return remember();
}

Result<JobRef> Submission::finish_empty() {
  TRY(auto job, share::JobDirectory::open(place_, manifest.id));
  JobReport report;
  report.status = {JobStatus::finished, "finished: no tasks", {}};
  report.at_rest = true;
  seal(*job, report);
  return remember();
}

Result<JobRef> wait_if_asked(const Submission& submission, JobRef job) {
  if (!submission.manifest.context.wait) return job;
  WaitOptions options;
  options.interrupted = program_handles_interruption;
  auto waited = wait_until_ended({submission.place(), job.id()}, options);
  if (!waited && waited.error().code != ErrorCode::interrupted) return std::move(waited).error();
  return job;
}

}  // namespace errand::client
