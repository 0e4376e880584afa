// SPDX-License-Identifier: Apache-2.0
#include "function/program_runner.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>

#include "errand/encoding.h"
#include "errand/exec.h"
#include "errand/random.h"
#include "system/clock.h"
#include "system/try.h"
#include "worker/oom_kills.h"

namespace errand::functions {
namespace {

/// How old a count of the kernel's kills may be that the next one is compared with: counting costs some 5 %
/// of a program that does nothing.
constexpr std::int64_t count_interval_ns = 1'000'000'000;

/// The variables that differ from task to task.
constexpr std::array<std::string_view, 3> own_variables = {"ERRAND_JOB=", "ERRAND_TASK=", "ERRAND_ATTEMPT="};

bool is_own_variable(std::string_view entry) {
  for (std::string_view name : own_variables) {
    if (entry.starts_with(name)) return true;
  }
  return false;
}

std::vector<std::string> inherited_environment() {
  std::vector<std::string> entries;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    if (!is_own_variable(*entry)) entries.emplace_back(*entry);
  }
  return entries;
}

/// The process's end; an exit code of 127 where nobody can tell.
ProgramResult wait_for(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return {127, 0};
  }
  if (WIFSIGNALED(status)) return {0, WTERMSIG(status)};
  return {WEXITSTATUS(status), 0};
}

std::string encode(const ProgramResult& result) {
  std::string bytes;
  detail::StringStream stream{bytes};
  msgpack::pack(stream, std::array<int, 2>{result.exit_code, result.signal});
  return bytes;
}

/// How a process ends that the kernel killed for want of memory, or a shell whose last command did.
bool may_be_out_of_memory(const ProgramResult& result) {
  constexpr int shells_word_for_it = 128 + SIGKILL;
  return result.signal == SIGKILL || result.exit_code == shells_word_for_it;
}

TaskFailure failure_of(const ProgramResult& result, bool out_of_memory) {
  TaskFailure failure;
  if (result.signal != 0) {
    failure.type = "signal";
    failure.message = "killed by signal " + std::to_string(result.signal);
    if (const char* name = sigdescr_np(result.signal)) failure.message += " (" + std::string(name) + ")";
  } else {
    failure.type = "exit";
    failure.message = "exit code " + std::to_string(result.exit_code);
  }
  if (out_of_memory) failure.message = "out of memory, " + failure.message;
  failure.native_codec = Codec::program;
  failure.native = Buffer::take(encode(result));
  return failure;
}

TaskFailure not_started(const Error& error) {
  TaskFailure failure;
  failure.cause = FailureCause::not_startable;
  failure.type = "start";
  failure.message = error.message;
  return failure;
}

}  // namespace

Result<void> ProgramRunner::prepare(const share::TaskSource& job) {
  const share::Manifest& manifest = job.manifest();
  TRY(command_, CommandTemplate::parse(manifest.command));
  job_ = manifest.id;
  seed_ = manifest.seed;
  request_.keep = {-1, STDOUT_FILENO, STDERR_FILENO};
  request_.die_with_parent_signal = SIGKILL;
  request_.environment = inherited_environment();
  request_.environment.resize(request_.environment.size() + own_variables.size());
  return {};
}

void ProgramRunner::fill_request(std::uint64_t task, std::uint32_t attempt) {
  CommandTemplate::Values values{task, program_seed(seed_ ? *seed_ : detail::random_seed(), task), job_};
  request_.argv = command_.expand(values);
  std::string* own = &request_.environment.back() - 2;
  own[0].assign(own_variables[0]).append(job_);
  own[1].assign(own_variables[1]).append(std::to_string(task));
  own[2].assign(own_variables[2]).append(std::to_string(attempt));
}

std::optional<TaskFailure> ProgramRunner::run(std::uint64_t task, std::uint32_t attempt,
                                              std::span<const std::byte>, ValueSink& sink) {
  fill_request(task, attempt);
  const std::int64_t now = system::system_clock().monotonic_ns();
  if (now - counted_ns_ > count_interval_ns) {
    oom_kills_ = worker::count_oom_kills();
    counted_ns_ = now;
  }
  auto pid = system::system_processes().spawn(request_);
  if (!pid) return not_started(pid.error());
  ProgramResult result = wait_for(*pid);
  if (result.signal != 0 || result.exit_code != 0) {
    const bool killed = may_be_out_of_memory(result) && worker::count_oom_kills() > oom_kills_;
    if (killed) counted_ns_ = 0;
    return failure_of(result, killed);
  }
  std::string value = encode(result);
  sink.begin(Codec::program);
  sink.write(value.data(), value.size());
  return std::nullopt;
}

}  // namespace errand::functions
