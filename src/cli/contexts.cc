// SPDX-License-Identifier: Apache-2.0
#include "cli/verbs.h"

namespace errand::cli {
namespace {

Result<ExitCode> run_contexts(Session& session) {
  auto contexts = list_compute_contexts();
  if (!contexts) return std::move(contexts).error();
  session.report().contexts(*contexts);
  return ExitCode::ok;
}

}  // namespace

Verb add_contexts(CLI::App& root) {
  CLI::App* app = root.add_subcommand("contexts", "the compute contexts there are, and where they come from");
  return {app, run_contexts};
}

}  // namespace errand::cli
