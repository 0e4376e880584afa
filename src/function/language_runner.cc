// SPDX-License-Identifier: Apache-2.0
#include "function/language_runner.h"

#include <utility>

namespace errand::functions {
namespace {

language::JobInput input_of(const share::TaskSource& job) {
  const share::Manifest& manifest = job.manifest();
  language::JobInput input;
  input.id = manifest.id;
  input.place = manifest.context.share_dir;
  input.language = manifest.language;
  input.function_name = manifest.function;
  input.function_codec = job.function_codec();
  input.function = job.function();
  input.arguments_codec = job.arguments_codec();
  input.arguments = job.arguments();
  input.seed = manifest.seed;
  input.context = manifest.context;
  return input;
}

class LanguageRunner final : public worker::TaskRunner {
 public:
  explicit LanguageRunner(std::unique_ptr<language::Runner> runner) : runner_(std::move(runner)) {}

  Result<void> prepare(const share::TaskSource& job) override { return runner_->prepare(input_of(job)); }

  std::optional<TaskFailure> run(std::uint64_t task, std::uint32_t attempt,
                                 std::span<const std::byte> arguments, ValueSink& sink) override {
    auto failure = runner_->run(task, attempt, arguments, sink);
    if (failure) {
      failure->task = task;
      failure->attempt = attempt;
    }
    return failure;
  }

 private:
  std::unique_ptr<language::Runner> runner_;
};

}  // namespace

std::unique_ptr<worker::TaskRunner> adapt_runner(std::unique_ptr<language::Runner> runner) {
  return std::make_unique<LanguageRunner>(std::move(runner));
}

}  // namespace errand::functions
