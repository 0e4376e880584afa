// SPDX-License-Identifier: Apache-2.0
// A real Slurm, which SLURM_CONF names (bench/run brings one up): what a submission costs beside sbatch
// itself, how often Slurm is asked while many clients poll, and the status of 1,000 jobs beside one squeue.
#include <sys/wait.h>

#include <fstream>
#include <thread>

#include "measure.h"

namespace {

constexpr const char* questions = "squeue scontrol sacct sinfo scancel";

int shell(const std::string& command) {
  return std::system((command + " >/dev/null 2>&1").c_str());
}

/// From now on every question to Slurm leaves a line in a file, whoever puts it.
void count_questions(const bench::Workspace& workspace) {
  const std::string folder = workspace.file("counting");
  std::filesystem::create_directories(folder);
  const std::string log = workspace.file("questions");
  const std::string make = "for q in " + std::string(questions) + "; do real=$(command -v $q) || continue; " +
                           "printf '#!/bin/sh\\necho %s >>" + log + "\\nexec %s \"$@\"\\n' $q $real >" +
                           folder + "/$q; chmod +x " + folder + "/$q; done";
  if (shell(make) != 0) bench::give_up("Slurm's commands cannot be counted");
  setenv("PATH", (folder + ":" + std::getenv("PATH")).c_str(), 1);
}

std::size_t questions_put(const bench::Workspace& workspace) {
  const std::string log = bench::slurp(workspace.file("questions"));
  return static_cast<std::size_t>(std::count(log.begin(), log.end(), '\n'));
}

errand::ComputeContext cluster(const bench::Workspace& workspace, bool held) {
  auto context = errand::SlurmContext();
  context.wait = false;
  context.share_dir = workspace.place();
  if (held) context.engine_options["hold"] = "true";
  return context;
}

errand::JobRef submit(const errand::ComputeContext& context, const std::vector<std::string>& command,
                      int tasks) {
  errand::ExecOptions options;
  options.times = tasks;
  return bench::must(errand::exec_program(context, command, options));
}

void cancel_all() {
  shell("scancel --quiet --user=$(id -u)");
  std::this_thread::sleep_for(std::chrono::seconds(2));
}

/// exec of an array of 10, and sbatch of the same script, in turn. Held: nothing starts meanwhile.
void measure_submission(const bench::Arguments& arguments, const bench::Workspace& workspace) {
  const errand::ComputeContext context = cluster(workspace, true);
  errand::ExecOptions options;
  options.times = 10;
  const auto preview = bench::must(errand::preview_program(context, {"/bin/true"}, options));
  const std::string script = workspace.file("script");
  std::ofstream(script) << preview.script;
  submit(context, {"/bin/true"}, 10);  // the site's limits are known from here on
  std::vector<double> ours;
  std::vector<double> bare;
  for (int i = 0; i < arguments.pick(40, 3); ++i) {
    ours.push_back(1e3 * bench::seconds_of([&] { submit(context, {"/bin/true"}, 10); }));
    bare.push_back(1e3 * bench::seconds_of([&] {
                     if (shell("exec sbatch --parsable --output=/dev/null " + script) != 0)
                       bench::give_up("sbatch failed");
                   }));
  }
  const double value = bench::median(ours);
  const double floor = bench::median(bare);
  bench::report({"Slurm: submission of an array", value, "ms", floor, "sbatch of the same script",
                 "<= 1.5 x floor", value <= 1.5 * floor});
  cancel_all();
}

/// One client: asks for every job once a second, in a process of its own.
void poll(const std::vector<errand::JobRef>& jobs, int seconds) {
  const double begin = bench::seconds_now();
  for (int round = 0; round < seconds; ++round) {
    for (const errand::JobRef& job : jobs) bench::must(errand::get_job_status(job));
    const double next = begin + round + 1;
    if (next > bench::seconds_now()) {
      std::this_thread::sleep_for(std::chrono::duration<double>(next - bench::seconds_now()));
    }
  }
}

void measure_polling(const bench::Arguments& arguments, const bench::Workspace& workspace) {
  const int count = arguments.pick(100, 5);
  const int seconds = arguments.pick(60, 6);
  const std::string nap = std::to_string(seconds + 60);
  std::vector<errand::JobRef> jobs;
  for (int i = 0; i < count; ++i) jobs.push_back(submit(cluster(workspace, false), {"/bin/sleep", nap}, 1));
  while (bench::must(errand::get_job_status(jobs.back())).status != errand::JobStatus::running) {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
  }
  const std::size_t before = questions_put(workspace);
  std::vector<pid_t> clients;
  for (int client = 0; client < 10; ++client) {
    const pid_t child = fork();
    if (child == 0) {
      poll(jobs, seconds);
      _exit(0);
    }
    clients.push_back(child);
  }
  for (pid_t client : clients) {
    int status = 0;
    if (waitpid(client, &status, 0) != client || status != 0) bench::give_up("a client failed");
  }
  const auto asked = static_cast<double>(questions_put(workspace) - before);
  const double allowed = seconds / 5.0;
  bench::report({"Slurm: questions in " + std::to_string(seconds) + " s, " + std::to_string(count) +
                     " running jobs polled every second by 10 clients",
                 asked, "calls", std::nullopt, "", "<= 1 per 5 s", asked <= allowed + 1});
  cancel_all();
}

void measure_status(const bench::Arguments& arguments, const bench::Workspace& workspace) {
  const int count = arguments.pick(1000, 20);
  errand::ComputeContext context = cluster(workspace, true);
  context.share_dir = workspace.file("many");
  for (int i = 0; i < count; ++i) submit(context, {"/bin/true"}, 1);
  std::vector<double> ours;
  std::vector<double> bare;
  double most = 0;
  for (int i = 0; i < arguments.pick(5, 2); ++i) {
    std::this_thread::sleep_for(std::chrono::seconds(6));  // the last answer is too old to be used again
    bare.push_back(1e3 * bench::seconds_of([] {
                     shell(
                         "exec squeue --noheader --states=all --user=$(id -u) '--format=%F|%K|%T|%e|%j|%r'");
                   }));
    const std::size_t before = questions_put(workspace);
    ours.push_back(1e3 * bench::seconds_of([&] {
                     if (bench::must(errand::get_jobs(context)).size() != static_cast<std::size_t>(count)) {
                       bench::give_up("jobs are missing");
                     }
                   }));
    most = std::max(most, static_cast<double>(questions_put(workspace) - before));
  }
  const std::string jobs = std::to_string(count) + " jobs";
  const double value = bench::median(ours);
  const double floor = bench::median(bare);
  bench::report({"Slurm: status of " + jobs, value, "ms", floor, "one squeue", "<= floor + 200 ms",
                 value <= floor + 200});
  bench::report(
      {"Slurm: status of " + jobs + ": questions", most, "calls", std::nullopt, "", "1", most <= 1});
  cancel_all();
}

}  // namespace

int main(int argc, char** argv) {
  errand::init(argc, argv);
  if (std::getenv("SLURM_CONF") == nullptr) bench::give_up("no Slurm: bench/run slurm brings one up");
  bench::Arguments arguments(argc, argv);
  bench::Workspace workspace(arguments);
  measure_submission(arguments, workspace);
  count_questions(workspace);
  measure_polling(arguments, workspace);
  measure_status(arguments, workspace);
}
