// SPDX-License-Identifier: Apache-2.0
#include "cli/run.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "cli/usage_error.h"
#include "cli/verbs.h"
#include "errand/version.h"

namespace errand::cli {
namespace {

constexpr const char* exit_codes =
    "Exit codes:\n"
    "  0    done; the job succeeded, where the verb asks for that\n"
    "  1    done, but the job failed, was canceled, has failed tasks, or was kept\n"
    "  2    the command line cannot be meant\n"
    "  3    no such job, or several that the name fits\n"
    "  4    not finished yet, or the time given ran out\n"
    "  5    the place, the engine or the machine refused\n"
    "  130  interrupted (the job goes on); 141: nobody reads the output any more\n"
    "\n"
    "JOB is an id, a unique beginning or end of one (4 characters and more), or 'last'.\n"
    "More: man errand";

/// The words for the parser, and those after "--", which are the program's own and not to be looked at.
struct Words {
  std::vector<std::string> parsed;
  std::vector<std::string> after;
};

Words split(const std::vector<std::string>& all) {
  auto mark = std::find(all.begin(), all.end(), "--");
  Words words{{all.begin(), mark}, {}};
  if (mark != all.end()) words.after.assign(mark + 1, all.end());
  return words;
}

void add_global_options(CLI::App& app, GlobalOptions& options) {
  constexpr const char* group = "Options of every verb";
  app.add_flag("--json", options.json, "print one JSON object, errors too")->group(group);
  app.add_flag("--quiet", options.quiet, "print ids and single words only")->group(group);
  app.add_option("--context", options.context,
                 "compute context: built in, of config.toml, or a connection string")
      ->type_name("NAME")
      ->group(group);
  app.add_option("--share-dir", options.share_dir, "share directory to work in, or a connection string")
      ->type_name("DIR")
      ->group(group);
  app.add_option("--color", options.color, "auto, always or never")
      ->type_name("WHEN")
      ->check(CLI::IsMember({"auto", "always", "never"}).description(""))
      ->group(group);
}

std::vector<Verb> add_verbs(CLI::App& app, GlobalOptions& options, const std::vector<std::string>& command) {
  std::vector<Verb> verbs{add_exec(app, command), add_status(app), add_results(app),  add_output(app),
                          add_wait(app),          add_cancel(app), add_retry(app),    add_jobs(app),
                          add_cleanup(app),       add_info(app),   add_inspect(app),  add_contexts(app),
                          add_database(app),      add_doctor(app), add_launchpad(app)};
  add_global_options(app, options);
  for (Verb& verb : verbs) {
    add_global_options(*verb.app, options);
    std::string own = verb.app->get_footer();
    verb.app->footer(own.empty() || own == exit_codes ? exit_codes : own + "\n\n" + exit_codes);
  }
  return verbs;
}

/// Closes standard output: what could not be written is a failure too. A closed pipe ends the command as
/// the signal would have.
ExitCode close_output(Session& session, ExitCode code) {
  Result<void> closed = session.out().close();
  if (closed) return code;
  if (closed.error().os_error == EPIPE) {
    std::signal(SIGPIPE, SIG_DFL);
    std::raise(SIGPIPE);
    return ExitCode::output_closed;
  }
  session.err().write(error_text(closed.error(), session.err_terminal().color));
  return worse(code, ExitCode::trouble);
}

ExitCode run_verb(Session& session, const Verb& verb) {
  Result<void> opened = session.open();
  Result<ExitCode> ended = opened ? verb.run(session) : Result<ExitCode>(opened.error());
  if (ended) return close_output(session, *ended);
  // The stream's own failure is told when it is closed.
  if (!session.out().broken()) session.report().error(ended.error(), JobRef());
  return close_output(session, exit_code_of(ended.error()));
}

ExitCode refuse(Session& session, const Error& error, const Words& words) {
  bool json = std::find(words.parsed.begin(), words.parsed.end(), "--json") != words.parsed.end();
  Terminal err = terminal_of(STDERR_FILENO, ColorMode::automatic);
  Channels channels{session.out(), session.err(), {}, err};
  auto report = json ? make_json_report(channels) : make_text_report(channels);
  report->error(error, JobRef());
  return close_output(session, ExitCode::usage);
}

ExitCode parse_and_run(Session& session, CLI::App& app, const std::vector<Verb>& verbs, const Words& words) {
  try {
    app.parse(std::vector<std::string>(words.parsed.rbegin(), words.parsed.rend()));
  } catch (const CLI::Success& asked) {
    return app.exit(asked) == 0 ? ExitCode::ok : ExitCode::usage;
  } catch (const CLI::ParseError& failure) {
    return refuse(session, usage_error(app, failure), words);
  }
  if (!words.after.empty() && !app.got_subcommand("exec")) {
    return refuse(session, misplaced_program(app), words);
  }
  auto asked = std::find_if(verbs.begin(), verbs.end(), [](const Verb& verb) { return verb.app->parsed(); });
  return run_verb(session, *asked);
}

}  // namespace

int run(const std::vector<std::string>& arguments) {
  Words words = split(arguments);
  Session session;
  CLI::App app("Submit programs as jobs, leave, come back for the results.", "errand");
  app.set_version_flag("--version", "errand " + std::string(version));
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  app.footer(exit_codes);
  std::vector<Verb> verbs = add_verbs(app, session.options, words.after);
  return static_cast<int>(parse_and_run(session, app, verbs, words));
}

}  // namespace errand::cli
