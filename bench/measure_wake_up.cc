// SPDX-License-Identifier: Apache-2.0
// How long after the end of a job's last task another process, which waits for the job, knows. The task
// returns the moment of its end, the waiter prints the moment it was told. The floor is the same between
// two processes and nothing but a write, an fsync and inotify between them.
#include <poll.h>
#include <sys/inotify.h>
#include <sys/wait.h>

#include "measure.h"

double sleep_and_tell(int milliseconds) {
  usleep(static_cast<useconds_t>(milliseconds) * 1000);
  return bench::seconds_now();
}
const auto sleep_job = errand::function("sleep_and_tell", sleep_and_tell);

/// What the child wrote about when it was told.
double read_moment(FILE* pipe) {
  double moment = 0;
  if (std::fscanf(pipe, "%lf", &moment) != 1) bench::give_up("the waiting process told nothing");
  return moment;
}

double one_delay(const bench::Workspace& workspace, const std::string& self) {
  auto job = bench::must(errand::exec(workspace.context(), sleep_job, 150, errand::auto_cleanup(false)));
  FILE* waiter = popen((self + " wait " + job.id()).c_str(), "r");
  if (waiter == nullptr) bench::give_up("no process can be started");
  double told = read_moment(waiter);
  pclose(waiter);
  return told - bench::must(job.results())[0];
}

int wait_for(const char* id) {
  if (auto ended = errand::wait_for_job(id); !ended) return 1;
  std::printf("%.9f\n", bench::seconds_now());
  return 0;
}

/// In the child: waits for one change below `folder` and tells when it came.
void watch_once(const std::string& folder, int to_parent) {
  int watch = inotify_init1(IN_CLOEXEC);
  inotify_add_watch(watch, folder.c_str(), IN_MODIFY);
  char ready = 'r';
  char event[4096];
  bool told = write(to_parent, &ready, 1) == 1 && read(watch, event, sizeof event) > 0;
  double now = bench::seconds_now();
  told = told && write(to_parent, &now, sizeof now) == sizeof now;
  _exit(told ? 0 : 1);
}

double one_floor(const bench::Workspace& workspace) {
  int file = open(workspace.file("log").c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  int ends[2];
  if (pipe(ends) != 0) bench::give_up("no pipe");
  pid_t child = fork();
  if (child == 0) watch_once(workspace.path(), ends[1]);
  char ready = 0;
  double told = 0;
  double begin = 0;
  bool fine = read(ends[0], &ready, 1) == 1;
  usleep(20'000);
  begin = bench::seconds_now();
  fine = fine && fdatasync(file) == 0 && write(file, "x", 1) == 1 &&
         read(ends[0], &told, sizeof told) == sizeof told;
  waitpid(child, nullptr, 0);
  for (int end : {file, ends[0], ends[1]}) close(end);
  if (!fine) bench::give_up("the floor cannot be measured");
  return told - begin;
}

int main(int argc, char** argv) {
  errand::init(argc, argv);
  bench::Arguments arguments(argc, argv);
  if (arguments.rest.size() == 2 && arguments.rest[0] == "wait") return wait_for(arguments.rest[1].c_str());
  bench::Workspace workspace(arguments);
  std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  std::vector<double> delays;
  std::vector<double> floor;
  for (int i = 0; i < arguments.pick(20, 2); ++i) {
    floor.push_back(one_floor(workspace));
    delays.push_back(one_delay(workspace, self));
  }
  double delay = bench::median(delays);
  bench::report({"end of a job seen by another waiting process", delay * 1e3, "ms",
                 bench::median(floor) * 1e3, "write + inotify", "<= 20 ms", delay <= 0.020});
}
