// SPDX-License-Identifier: Apache-2.0
#include "function/cxx_runner.h"

#include <cxxabi.h>
#include <unistd.h>

#include <exception>

#include "function/registry.h"
#include "function/thrown.h"
#include "system/try.h"

namespace errand::functions {
namespace {

constexpr int exit_code_of_ended_thread = 70;

/// pthread_exit unwinds the thread that every task runs in, and cannot be stopped: the process would stay
/// without it for ever. Ended like this it is a lost task.
[[noreturn]] void end_with_thread() {
  static constexpr char text[] = "errand: the task ended the worker's thread (pthread_exit)\n";
  [[maybe_unused]] auto written = write(STDERR_FILENO, text, sizeof text - 1);
  _exit(exit_code_of_ended_thread);
}

}  // namespace

Result<std::unique_ptr<detail::PreparedFunction>> prepare_function(std::string_view name,
                                                                   std::string_view signature,
                                                                   std::span<const std::byte> shared) {
  TRY(const detail::FunctionEntry* entry, find_function(name));
  if (!signature.empty() && signature != entry->signature) {
    return Error{ErrorCode::invalid_argument,
                 "function \"" + std::string(name) + "\" was submitted as " + std::string(signature) +
                     " and is now " + entry->signature,
                 false, "submit the job again with this program", 0};
  }
  try {
    return entry->prepare(shared);
  } catch (const std::exception& refused) {
    return Error{ErrorCode::invalid_argument,
                 "the shared arguments of \"" + std::string(name) + "\" cannot be read: " + refused.what(),
                 false,
                 {},
                 0};
  }
}

Result<void> CxxRunner::prepare(const share::TaskSource& job) {
  const share::Manifest& manifest = job.manifest();
  if (job.arguments_codec() != Codec::msgpack) {
    return Error{ErrorCode::unsupported_codec,
                 "C++ functions take MessagePack arguments; the job has codec " +
                     std::string(to_string(job.arguments_codec())),
                 false,
                 {},
                 0};
  }
  forget_random();
  memory_limited_ = manifest.context.task_memory_limit != 0;
  scope_.emplace(manifest.id, manifest.seed);
  TRY(prepared_, prepare_function(manifest.function, manifest.signature, job.arguments()));
  return {};
}

std::optional<TaskFailure> CxxRunner::run(std::uint64_t task, std::uint32_t attempt,
                                          std::span<const std::byte> arguments, ValueSink& sink) {
  TaskScope::enter(task, attempt);
  try {
    prepared_->call(arguments, sink);
    return std::nullopt;
  } catch (abi::__forced_unwind&) {
    end_with_thread();
  } catch (...) {
    TaskFailure failure = describe_thrown(memory_limited_);
    failure.task = task;
    failure.attempt = attempt;
    return failure;
  }
}

}  // namespace errand::functions
