// SPDX-License-Identifier: Apache-2.0
#include "errand/language.h"

#include <unistd.h>

#include <utility>

#include "client/find_job.h"
#include "client/submission.h"
#include "engine/engine.h"
#include "engine/own_program.h"
#include "function/language_runner.h"
#include "system/try.h"
#include "worker/task_runner.h"

namespace errand {
namespace client {
namespace {

/// C++ alone runs in a snapshot of the program that submits; any other language names its interpreter.
Result<void> choose_worker(Submission& submission, const language::Call& call) {
  if (call.worker.empty()) return submission.use_own_program();
  const std::string& program = call.worker.front();
  if (program.empty() || program[0] != '/' || access(program.c_str(), X_OK) != 0) {
    return Error{ErrorCode::invalid_argument,
                 "no worker can be started: \"" + program + "\" is no absolute path of a program", false,
                 "name the interpreter by its absolute path", 0};
  }
  submission.manifest.worker.argv = call.worker;
  submission.manifest.worker.fork = call.fork;
  return {};
}

/// Enough for one write, and little enough to stay in the processor's cache while a job of many tasks is
/// built.
constexpr std::size_t piece_bytes = std::size_t{256} << 10;

Result<void> write_tasks(share::JobFileBuilder& job, const language::Call& call, system::File& file) {
  if (!call.encode_task) job.bare_tasks(call.tasks);
  std::string own;
  for (std::uint64_t task = 0; call.encode_task && task < call.tasks; ++task) {
    own.clear();
    call.encode_task(task, own);
    job.task(own);
    if (job.ready() >= piece_bytes) TRY_VOID(job.write_to(file));
  }
  job.close();
  return job.write_to(file);
}

}  // namespace

Result<share::JobFileBuilder> describe(Submission& submission, const language::Call& call) {
  share::Manifest& manifest = submission.manifest;
  manifest.language = call.language;
  manifest.function = call.function_name;
  manifest.signature = call.signature;
  manifest.result_type = call.result_type;
  TRY_VOID(choose_worker(submission, call));
  share::JobFileBuilder job(manifest);
  if (call.arguments_codec != Codec::none) job.arguments(call.arguments_codec, call.arguments);
  if (call.function_codec != Codec::none) job.function(call.function_codec, call.function);
  return job;
}

Result<JobRef> submit(Submission& submission, const language::Call& call) {
  if (call.tasks > 0) TRY_VOID(submission.prepare());
  TRY(share::JobFileBuilder job, describe(submission, call));
  share::JobContent content = [&, first = true](system::File& file) mutable -> Result<void> {
    if (!std::exchange(first, false)) {
      TRY(job, describe(submission, call));
    }
    return write_tasks(job, call, file);
  };
  TRY(auto published, submission.publish(content));
  published.reset();
  return call.tasks == 0 ? submission.finish_empty() : submission.hand_over();
}

}  // namespace client

namespace language {

Result<JobRef> submit(const ComputeContext& context, const Call& call, const ExecOptions& options) {
  TRY(auto submission, client::Submission::begin(context, options));
  return client::submit(submission, call);
}

Result<EncodedValue> read_function(const JobRef& job) {
  TRY(auto directory, client::open_job(job));
  TRY(share::TaskSource * content, client::content_of(*directory));
  return EncodedValue{content->function_codec(), Buffer::copy_of(content->function()), {}};
}

int run_workers(const MakeRunner& make_runner, const WorkerHooks& hooks) {
  return worker::run_warm_parent(control_descriptor,
                                 [&make_runner] { return functions::adapt_runner(make_runner()); },
                                 {hooks.after_fork, hooks.while_idle, hooks.rehearse});
}

Result<std::vector<std::string>> engine_options(const std::string& engine) {
  TRY(engine::Engine * found, engine::find_engine(engine));
  return found->options();
}

void use_command(const std::string& path) {
  engine::set_command(path);
}

}  // namespace language
}  // namespace errand
