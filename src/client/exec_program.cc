// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

#include "client/program_file.h"
#include "client/submission.h"
#include "errand/exec.h"
#include "function/command_template.h"
#include "system/try.h"

namespace errand {
namespace {

std::string command_line(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + word;
  return line;
}

bool mentions_seed(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (word.find("{seed}") != std::string::npos) return true;
  }
  return false;
}

/// The program's path with its braces doubled, so that the template means the path itself.
std::string without_meaning(const std::string& path) {
  std::string quoted;
  for (char c : path) quoted.append(c == '{' || c == '}' ? 2 : 1, c);
  return quoted;
}

Result<std::vector<std::string>> resolve(std::vector<std::string> command) {
  TRY(auto checked, functions::CommandTemplate::parse(command));
  // A program chosen by the task's number cannot be looked up now.
  if (command[0].find('{') != std::string::npos) return command;
  const char* search_path = std::getenv("PATH");
  TRY(std::string path,
      client::find_program(command[0], search_path != nullptr ? search_path : "/usr/bin:/bin"));
  command[0] = without_meaning(path);
  return command;
}

/// What exec_program was asked for, checked.
struct ProgramCall {
  std::uint64_t tasks = 1;
  std::vector<std::string> command;  ///< the program as a path
  std::string text;                  ///< as the user wrote it
  ExecOptions options;

  void describe_in(share::Manifest& manifest) const {
    manifest.language = "program";
    manifest.function = text;
    manifest.result_type = "program";
    manifest.command = command;
    manifest.program_path = command[0];
    manifest.worker.argv = {"@errand", "--errand-worker"};
  }
};

Result<ProgramCall> check_call(const std::vector<std::string>& command, const ExecOptions& options) {
  ProgramCall call;
  TRY(call.tasks, client::count_tasks(options, std::nullopt, false));
  TRY(call.command, resolve(command));
  call.text = command_line(command);
  call.options = options;
  // Recorded, so that a task that runs again draws the same.
  if (!options.seed && mentions_seed(command)) call.options.seed = detail::random_seed();
  return call;
}

}  // namespace

Result<Job<ProgramResult>> exec_program(const ComputeContext& context,
                                        const std::vector<std::string>& command, const ExecOptions& options) {
  TRY(const ProgramCall call, check_call(command, options));
  TRY(client::Submission submission, client::Submission::begin(context, call.options));
  call.describe_in(submission.manifest);
  TRY_VOID(submission.prepare());
  share::JobFileBuilder job(submission.manifest);
  job.bare_tasks(call.tasks);
  job.close();
  TRY(auto published, submission.publish(job.take()));
  published.reset();
  TRY(JobRef ref, submission.hand_over());
  TRY(JobRef waited, client::wait_if_asked(submission, std::move(ref)));
  return Job<ProgramResult>(std::move(waited));
}

Result<SubmissionPreview> preview_program(const ComputeContext& context,
                                          const std::vector<std::string>& command,
                                          const ExecOptions& options) {
  TRY(const ProgramCall call, check_call(command, options));
  TRY(engine::Engine * engine, engine::find_engine(context.engine));
  TRY(share::Manifest manifest, client::Submission::plan(context, call.options));
  call.describe_in(manifest);
  return engine->preview(manifest.context.share_dir, manifest, call.tasks);
}

}  // namespace errand
