// SPDX-License-Identifier: Apache-2.0
#include "errand/exec.h"

#include <charconv>
#include <cstdlib>
#include <memory>

#include "cli/show_results.h"
#include "cli/verbs.h"
#include "cli/watch_job.h"
#include "errand/quantity.h"
#include "errand/random.h"

namespace errand::cli {
namespace {

struct ExecWords {
  std::optional<std::int64_t> tasks;
  std::optional<std::string> seed;
  std::optional<std::uint64_t> chunk;
  bool stop_on_failure = false;
  bool wait = false;
  bool dry_run = false;
  bool no_wait = false;  ///< the default, for scripts that say what they mean
  bool cleanup = false;
  std::optional<int> cores;
  std::optional<std::string> time_limit;
  std::optional<std::string> memory_limit;
  std::optional<std::string> console_limit;
  std::vector<std::string> environment;
  std::optional<int> retries;
};

Result<std::uint64_t> seed_of(const std::string& word) {
  if (word == "auto") return (std::uint64_t{rng()()} << 32U) | rng()();
  std::uint64_t number = 0;
  auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error == std::errc() && end == word.data() + word.size()) return number;
  return Error{ErrorCode::invalid_argument, "'" + word + "' is no seed", false,
               "give a number from 0 to 2^64 - 1, or auto"};
}

Result<ExecOptions> options_of(const ExecWords& words) {
  if (words.tasks && *words.tasks < 1 && *words.tasks != -1) {
    return Error{ErrorCode::invalid_argument,
                 "--tasks " + std::to_string(*words.tasks) + " is no number of tasks", false,
                 "give 1 or more"};
  }
  ExecOptions options;
  options.times = words.tasks;
  options.task_chunk_size = words.chunk;
  if (words.stop_on_failure) options.continue_on_failure = false;
  if (words.seed) {
    Result<std::uint64_t> seed = seed_of(*words.seed);
    if (!seed) return std::move(seed).error();
    options.seed = *seed;
  }
  return options;
}

Result<void> apply_limits(ComputeContext& context, const ExecWords& words) {
  if (words.time_limit) {
    auto limit = parse_duration(*words.time_limit);
    if (!limit) return std::move(limit).error();
    context.task_time_limit = *limit;
  }
  if (words.memory_limit) {
    auto limit = parse_size(*words.memory_limit);
    if (!limit) return std::move(limit).error();
    context.task_memory_limit = *limit;
  }
  if (words.console_limit) {
    auto limit = parse_size(*words.console_limit);
    if (!limit) return std::move(limit).error();
    context.console_limit = *limit;
  }
  return {};
}

/// True if the context is the library's own default: one task at a time, meant for calls inside a
/// program. A program's tasks get every core then.
bool nobody_chose(const Session& session, const ComputeContext& context) {
  const char* variable = std::getenv("ERRAND_CONTEXT");
  if (session.options.context || (variable != nullptr && *variable != '\0')) return false;
  Result<ComputeContext> usual = make_compute_context("local");
  ComputeContext compared = context;
  if (usual) compared.share_dir = usual->share_dir;
  return usual && compared == *usual;
}

Result<ComputeContext> context_of(const Session& session, const ExecWords& words) {
  ComputeContext context = session.context();
  if (nobody_chose(session, context)) context.sequential = false;
  context.wait = false;
  if (words.cores) {
    context.sequential = false;
    context.cores = *words.cores;
  }
  if (words.retries) context.lost_task_retries = *words.retries;
  context.environment.insert(context.environment.end(), words.environment.begin(), words.environment.end());
  if (Result<void> limits = apply_limits(context, words); !limits) return limits.error();
  return context;
}

Result<ExitCode> wait_and_show(Session& session, const JobRef& job, bool cleanup) {
  bool talk = session.err_terminal().interactive && !session.options.json && !session.options.quiet;
  if (talk) session.err().write("  submitted " + job.id() + "; Ctrl-C leaves it running\n");
  Result<StatusReport> ended = watch_job(session, job, std::nullopt);
  if (!ended) {
    session.report().error(ended.error(), job);
    return exit_code_of(ended.error());
  }
  ShowOptions options;
  options.cleanup = cleanup;
  Result<ExitCode> shown = show_results(session, job, options);
  if (shown || session.out().broken()) return shown;
  session.report().error(shown.error(), job);
  return exit_code_of(shown.error());
}

Result<ExitCode> run_exec(Session& session, const ExecWords& words, const std::vector<std::string>& command) {
  if (command.empty()) {
    return Error{ErrorCode::invalid_argument, "no program to run", false,
                 "give it after two dashes: errand exec --tasks 3 -- ./program --seed {index}"};
  }
  Result<ComputeContext> context = context_of(session, words);
  if (!context) return std::move(context).error();
  Result<ExecOptions> options = options_of(words);
  if (!options) return std::move(options).error();
  if (words.dry_run) {
    Result<SubmissionPreview> preview = preview_program(*context, command, *options);
    if (!preview) return std::move(preview).error();
    session.report().previewed(*preview);
    return ExitCode::ok;
  }
  Result<Job<ProgramResult>> job = exec_program(*context, command, *options);
  if (!job) return std::move(job).error();
  if (words.wait) return wait_and_show(session, *job, words.cleanup);
  session.report().submitted(*job);
  return ExitCode::ok;
}

/// The parser knows nothing of what stands after "--".
class ExecFormatter : public CLI::Formatter {
 public:
  std::string make_usage(const CLI::App*, std::string name) const override {
    return "Usage: " + name + " [OPTIONS] -- PROGRAM [ARGUMENT]...\n";
  }
};

void add_options(CLI::App& app, ExecWords& words) {
  app.add_option("--tasks", words.tasks, "run the program this often, {index} counting from 0 (default 1)")
      ->type_name("N");
  app.add_option("--seed", words.seed, "number that {seed} is made from; auto draws and records one")
      ->type_name("N|auto");
  app.add_option("--chunk", words.chunk, "tasks handed to a worker at a time (default: guided)")
      ->type_name("N")
      ->check(CLI::PositiveNumber.description(""));
  app.add_flag("--stop-on-failure", words.stop_on_failure, "the first failed task stops the job");
  app.add_option("--cores", words.cores, "how many run at once (default: all cores)")
      ->type_name("N")
      ->check(CLI::PositiveNumber.description(""));
  CLI::Option* wait = app.add_flag("--wait", words.wait, "wait, then print the results");
  app.add_flag("--no-wait", words.no_wait, "print the id and come back at once (the default)")
      ->excludes(wait);
  app.add_flag("--dry-run", words.dry_run, "print what would be submitted, and submit nothing")
      ->excludes(wait);
  app.add_flag("--cleanup", words.cleanup, "with --wait: remove the job once its results are printed");
  app.add_option("--time-limit", words.time_limit, "wall-clock limit of a task, e.g. 30s")->type_name("TIME");
  app.add_option("--memory-limit", words.memory_limit, "memory limit of a task, e.g. 2G")->type_name("SIZE");
  app.add_option("--console-limit", words.console_limit, "output kept per task (default 64M)")
      ->type_name("SIZE");
  app.add_option("--env", words.environment, "a variable for the tasks; NAME alone copies yours")
      ->type_name("NAME[=VALUE]")
      ->allow_extra_args(false);
  app.add_option("--retries", words.retries, "how often a task lost to the machine starts again (default 2)")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber.description(""));
}

}  // namespace

Verb add_exec(CLI::App& root, const std::vector<std::string>& command) {
  CLI::App* app = root.add_subcommand("exec", "submit a program as a job, one process per task");
  auto formatter = std::make_shared<ExecFormatter>();
  formatter->column_width(root.get_formatter()->get_column_width());
  app->formatter(formatter);
  app->footer(
      "In every word of the program's command line {index}, {seed} and {job} are replaced;\n"
      "{{ and }} give braces. The id alone goes to standard output: id=$(errand exec -- ./it)");
  auto words = std::make_shared<ExecWords>();
  add_options(*app, *words);
  return {app, [words, &command](Session& session) { return run_exec(session, *words, command); }};
}

}  // namespace errand::cli
