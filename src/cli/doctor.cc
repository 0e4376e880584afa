// SPDX-License-Identifier: Apache-2.0
#include "errand/doctor.h"

#include <memory>

#include "cli/verbs.h"

namespace errand::cli {
namespace {

Result<ExitCode> run_doctor(Session& session, const std::string& place) {
  ComputeContext context = session.context();
  if (is_connection_string(place)) {
    Result<ComputeContext> database = InDatabase(place, context);
    if (!database) return std::move(database).error();
    context = *std::move(database);
  } else if (!place.empty()) {
    context.share_dir = place;
  }
  const std::vector<Finding> findings = examine(context);
  session.report().examined(findings);
  return anything_wrong(findings) ? ExitCode::unsuccessful : ExitCode::ok;
}

}  // namespace

Verb add_doctor(CLI::App& root) {
  CLI::App* app = root.add_subcommand("doctor", "what jobs need, looked at, and what to do where it lacks");
  auto place = std::make_shared<std::string>();
  app->add_option("PLACE", *place, "share directory or database (default: the context's)")->type_name("");
  return {app, [place](Session& session) { return run_doctor(session, *place); }};
}

}  // namespace errand::cli
