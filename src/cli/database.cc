// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "cli/verbs.h"
#include "errand/database.h"

namespace errand::cli {
namespace {

struct DatabaseOptions {
  std::string action;
  DatabaseSetup setup;
  bool dry_run = false;
};

Result<ExitCode> run_database(Session& session, const DatabaseOptions& options) {
  Result<DatabaseSetupReport> ready =
      options.dry_run ? preview_database(options.setup) : init_database(options.setup);
  if (!ready) return std::move(ready).error();
  if (options.dry_run) {
    session.report().database_previewed(*ready);
  } else {
    session.report().database_ready(*ready);
  }
  return ExitCode::ok;
}

}  // namespace

Verb add_database(CLI::App& root) {
  CLI::App* app = root.add_subcommand("database", "makes a PostgreSQL database a place for jobs");
  auto options = std::make_shared<DatabaseOptions>();
  app->add_option("ACTION", options->action,
                  "init: makes or renews the schema errand; harmless when repeated")
      ->type_name("")
      ->required()
      ->check(CLI::IsMember({"init"}).description(""));
  app->add_option("URI", options->setup.connection,
                  "database and administrator: postgresql://user@host/database")
      ->type_name("");
  app->add_option("--workers", options->setup.workers, "roles for workers that act as the submitter")
      ->type_name("N");
  app->add_option("--user", options->setup.users, "a role that may submit jobs; may be repeated")
      ->type_name("ROLE")
      ->allow_extra_args(false);
  app->add_flag("--dry-run", options->dry_run, "print the SQL and do nothing");
  return {app, [options](Session& session) { return run_database(session, *options); }};
}

}  // namespace errand::cli
