// SPDX-License-Identifier: Apache-2.0
#include "function/run_here.h"

#include <cxxabi.h>

#include <memory>
#include <string>
#include <utility>

#include "function/cxx_runner.h"
#include "function/task_state.h"
#include "function/thrown.h"
#include "system/try.h"

namespace errand::functions {
namespace {

/// A value in memory, whatever its size.
class MemorySink final : public ValueSink {
 public:
  void begin(Codec codec) override {
    codec_ = codec;
    bytes_ = std::make_shared<std::string>();
  }
  void write(const char* data, std::size_t size) override { bytes_->append(data, size); }
  void next_buffer() override {}

  Result<void> hand_to(detail::OutcomeVisitor& visitor, std::uint64_t task) {
    std::shared_ptr<const void> owner = bytes_;
    std::span<const char> bytes = *bytes_;
    return visitor.value(task, 0, EncodedView{codec_, std::as_bytes(bytes), owner});
  }

 private:
  Codec codec_ = Codec::none;
  std::shared_ptr<std::string> bytes_ = std::make_shared<std::string>();
};

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span<const char>(text));
}

/// The failure, or nothing after the value went to the sink.
std::optional<TaskFailure> run_one(detail::PreparedFunction& prepared, std::uint64_t task,
                                   const std::string& arguments, ValueSink& sink) {
  TaskScope::enter(task, 0);
  try {
    prepared.call(bytes_of(arguments), sink);
    return std::nullopt;
  } catch (abi::__forced_unwind&) {
    throw;  // the caller's thread is being ended, which nobody may stop
  } catch (...) {
    TaskFailure failure = describe_thrown(/*memory_limited=*/false);
    failure.task = task;
    return failure;
  }
}

Error first_failure(const TaskFailure& failure) {
  return {ErrorCode::job_failed,
          "task " + std::to_string(failure.task) + ": " + failure.type + ": " + failure.message,
          false,
          {},
          0};
}

}  // namespace

Result<void> run_here(const detail::FunctionCall& call, const RunHereOptions& options,
                      detail::OutcomeVisitor& visitor) {
  TRY(auto prepared, prepare_function(call.function, call.signature, bytes_of(call.shared_arguments)));
  visitor.begin(options.tasks);
  TaskScope scope({}, options.seed);
  std::string arguments;
  for (std::uint64_t task = 0; task < options.tasks; ++task) {
    arguments.clear();
    if (call.encode_task) call.encode_task(task, arguments);
    MemorySink sink;
    auto failure = run_one(*prepared, task, arguments, sink);
    if (!failure) {
      TRY_VOID(sink.hand_to(visitor, task));
    } else if (!options.continue_on_failure) {
      return first_failure(*failure);
    } else {
      visitor.failure(*std::move(failure));
    }
  }
  return {};
}

}  // namespace errand::functions
