// SPDX-License-Identifier: Apache-2.0
#include "engine/scheduler/handover.h"

#include <utility>

#include "engine/local/agent_process.h"
#include "engine/scheduler/chosen_nodes.h"
#include "engine/scheduler/script.h"
#include "system/try.h"

namespace errand::engine::scheduler {
namespace {

/// How long the scheduler may take to name its nodes.
constexpr std::chrono::milliseconds node_patience{10'000};

Result<void> choose_nodes(const Dialect& dialect, ArrayRequest& request) {
  const Command question = dialect.node_names();
  if (!request.options.contains("nodes") || question.argv.empty()) return {};
  TRY(Answer answer, run(question, node_patience));
  if (answer.exit_code != 0) {
    return Error{ErrorCode::engine_unavailable, question.argv[0] + " failed: " + excerpt(answer.err), true,
                 "try again, or leave the option `nodes` out", 0};
  }
  return keep_to_nodes(request.options, answer.out);
}

}  // namespace

std::string scheduler_job_name(const std::string& id, std::uint32_t submission) {
  return id + "-" + std::to_string(submission);
}

Result<Handover> compose(const Dialect& dialect, ArrayRequest request) {
  if (auto chosen = request.options.find("command"); chosen != request.options.end()) {
    request.command = chosen->second;
  } else {
    TRY(request.command, local::find_agent_command());
  }
  TRY_VOID(choose_nodes(dialect, request));
  TRY(auto placeholders, dialect.placeholders(request));
  TRY(Template from, find_template(dialect, request.share_dir, request.options));
  TRY(std::string script, fill_template(from, placeholders));
  Handover handover{{}, script, from.origin};
  handover.command = dialect.submit(request, std::move(script));
  return handover;
}

}  // namespace errand::engine::scheduler
