// SPDX-License-Identifier: Apache-2.0
#include "errand/exec.h"

#include "client/submission.h"
#include "function/registry.h"
#include "function/run_here.h"
#include "system/try.h"

namespace errand {
namespace {

constexpr std::int64_t unset_times = -1;

Error refuse_call(std::string message, std::string hint) {
  return {ErrorCode::invalid_argument, std::move(message), false, std::move(hint), 0};
}

std::string tasks(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " task" : " tasks");
}

}  // namespace

namespace client {

Result<std::uint64_t> count_tasks(const ExecOptions& options, std::optional<std::uint64_t> fanned_out,
                                  bool unequal_lengths) {
  if (unequal_lengths) {
    return refuse_call("the fanned-out arguments have different lengths",
                       "give every each() the same number of elements");
  }
  std::int64_t times = options.times.value_or(unset_times);
  if (times == 0 || times < unset_times) {
    return refuse_call("times(" + std::to_string(times) + ") is no number of tasks", "give 1 or more, or -1");
  }
  if (times == unset_times) return fanned_out.value_or(1);
  auto asked = static_cast<std::uint64_t>(times);
  if (fanned_out && *fanned_out != asked) {
    return refuse_call(
        "times asks for " + tasks(asked) + ", the fanned-out arguments make " + tasks(*fanned_out),
        "leave times out: each() says how many");
  }
  return asked;
}

language::Call as_call(const detail::FunctionCall& call, std::uint64_t total) {
  language::Call same;
  same.language = "c++";
  same.function_name = call.function;
  same.signature = call.signature;
  same.result_type = call.result_type;
  same.arguments_codec = Codec::msgpack;
  same.arguments = call.shared_arguments;
  same.tasks = total;
  if (call.fanned_out) same.encode_task = call.encode_task;
  return same;
}

}  // namespace client

namespace detail {
namespace {

Result<JobRef> run_in_this_process(const FunctionCall& call, const ExecOptions& options, std::uint64_t total,
                                   OutcomeVisitor& here) {
  functions::RunHereOptions how;
  how.tasks = total;
  how.seed = options.seed;
  how.continue_on_failure = options.continue_on_failure.value_or(true);
  TRY_VOID(functions::run_here(call, how, here));
  return JobRef();
}

}  // namespace

Result<JobRef> exec_call(const ComputeContext& context, const FunctionCall& call, const ExecOptions& options,
                         OutcomeVisitor& here) {
  TRY(std::uint64_t total, client::count_tasks(options, call.fanned_out, call.unequal_lengths));
  if (auto known = functions::find_function(call.function); !known) return std::move(known).error();
  if (context.wait && context.sequential) return run_in_this_process(call, options, total, here);
  TRY(auto submission, client::Submission::begin(context, options));
  TRY(JobRef job, client::submit(submission, client::as_call(call, total)));
  return total == 0 ? job : client::wait_if_asked(submission, std::move(job));
}

}  // namespace detail
}  // namespace errand
