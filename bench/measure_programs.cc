// SPDX-License-Identifier: Apache-2.0
// 10,000 runs of /bin/true as one job. The floor is a bare loop of fork, exec and wait in as many
// processes as there are cores.
#include <sys/wait.h>

#include "measure.h"

void bare_loop(int runs) {
  static char program[] = "/bin/true";
  for (int i = 0; i < runs; ++i) {
    pid_t child = fork();
    if (child == 0) {
      char* words[] = {program, nullptr};
      char* nothing[] = {nullptr};
      execve(program, words, nothing);
      _exit(127);
    }
    int status = 0;
    if (waitpid(child, &status, 0) != child || status != 0) _exit(1);
  }
}

double bare_loops(int runs, int processes) {
  double begin = bench::seconds_now();
  std::vector<pid_t> children;
  for (int i = 0; i < processes; ++i) {
    pid_t child = fork();
    if (child == 0) {
      bare_loop(runs / processes);
      _exit(0);
    }
    children.push_back(child);
  }
  for (pid_t child : children) {
    int status = 0;
    if (waitpid(child, &status, 0) != child || status != 0) bench::give_up("the floor cannot be measured");
  }
  return bench::seconds_now() - begin;
}

double as_job(const bench::Workspace& workspace, int runs) {
  errand::ExecOptions options;
  options.times = runs;
  double begin = bench::seconds_now();
  auto job = bench::must(errand::exec_program(workspace.context(), {"/bin/true"}, options));
  bench::must(job.wait());
  auto results = bench::must(job.results());
  double seconds = bench::seconds_now() - begin;
  if (results.size() != static_cast<std::size_t>(runs) || !results.all_succeeded()) {
    bench::give_up("runs are missing");
  }
  return seconds;
}

int main(int argc, char** argv) {
  errand::init(argc, argv);
  bench::Arguments arguments(argc, argv);
  bench::Workspace workspace(arguments);
  int processes = static_cast<int>(bench::cores());
  int runs = arguments.pick(10'000, 50) / processes * processes;
  std::vector<double> floor;
  std::vector<double> job;
  as_job(workspace, processes);
  for (int i = 0; i < arguments.pick(3, 1); ++i) {
    floor.push_back(bare_loops(runs, processes));
    job.push_back(as_job(workspace, runs));
  }
  double seconds = bench::median(job);
  bench::report({"10,000 programs as one job", seconds, "s", bench::median(floor),
                 "fork + exec + wait in as many processes", "<= 1.3 x floor",
                 seconds <= 1.3 * bench::median(floor)});
}
