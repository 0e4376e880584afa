// SPDX-License-Identifier: Apache-2.0
#include "function/runner.h"

#include "function/cxx_runner.h"
#include "function/program_runner.h"

namespace errand::functions {
namespace {

class ChoosingRunner final : public worker::TaskRunner {
 public:
  Result<void> prepare(const share::TaskSource& job) override {
    const std::string& language = job.manifest().language;
    if (language == "c++") {
      chosen_ = std::make_unique<CxxRunner>();
    } else if (language == "program") {
      chosen_ = std::make_unique<ProgramRunner>();
    } else {
      return Error{ErrorCode::not_supported,
                   "this worker runs C++ functions and programs, not " + language,
                   false,
                   {},
                   0};
    }
    return chosen_->prepare(job);
  }

  std::optional<TaskFailure> run(std::uint64_t task, std::uint32_t attempt,
                                 std::span<const std::byte> arguments, ValueSink& sink) override {
    return chosen_->run(task, attempt, arguments, sink);
  }

 private:
  std::unique_ptr<worker::TaskRunner> chosen_;
};

}  // namespace

std::unique_ptr<worker::TaskRunner> make_runner() {
  return std::make_unique<ChoosingRunner>();
}

}  // namespace errand::functions
