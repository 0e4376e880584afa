// SPDX-License-Identifier: Apache-2.0
#include "launchpad/starter.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "launchpad/processes_of_user.h"
#include "system/files.h"
#include "system/processes.h"
#include "system/tree_removal.h"

namespace errand::launchpad {
namespace {

constexpr std::size_t longest_message = 256;
constexpr int low_descriptors = 3;
/// Where one submitter's task could leave something for the next submitter's.
constexpr std::array<const char*, 4> everybodys_folders{"/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue"};

/// Irrevocably another user. Only that user's rights are left, or this process ends.
void become(const Identity& identity) {
  const bool done = identity.uid != 0 && setgroups(0, nullptr) == 0 &&
                    setresgid(identity.gid, identity.gid, identity.gid) == 0 &&
                    setresuid(identity.uid, identity.uid, identity.uid) == 0 && getuid() == identity.uid &&
                    geteuid() == identity.uid && setuid(0) != 0;
  if (!done) _exit(126);
}

void limit_processes(const Identity& identity) {
  if (identity.most_processes == 0) return;
  rlimit limit{};
  if (getrlimit(RLIMIT_NPROC, &limit) != 0) return;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_cur, identity.most_processes);
  limit.rlim_max = std::min<rlim_t>(limit.rlim_max, identity.most_processes);
  setrlimit(RLIMIT_NPROC, &limit);
}

/// Entries of a folder that everybody may write to, by their owner, of whom no process lives.
void remove_what_belongs_to(uid_t uid, const char* folder) {
  const int parent = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* entries = parent < 0 ? nullptr : fdopendir(dup(parent));
  for (const dirent* entry = nullptr; entries != nullptr && (entry = readdir(entries)) != nullptr;) {
    struct stat status {};
    const bool is_his =
        fstatat(parent, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && status.st_uid == uid;
    if (is_his) (void)system::remove_tree_at(parent, entry->d_name);
  }
  if (entries != nullptr) closedir(entries);
  if (parent >= 0) close(parent);
}

/// What the launchpad asks for is checked here, whatever it has become.
class StarterProcess {
 public:
  StarterProcess(int channel, std::vector<Identity> identities, std::string scratch, std::string command)
      : channel_(channel),
        identities_(std::move(identities)),
        scratch_(std::move(scratch)),
        command_(std::move(command)) {}

  [[noreturn]] void run() {
    prctl(PR_SET_CHILD_SUBREAPER, 1);  // agents leave their parents: what they leave comes to us
    for (int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) signal(number, SIG_IGN);
    std::array<char, longest_message> text{};
    for (;;) {
      const ssize_t length = recv(channel_, text.data(), text.size(), 0);
      reap();
      if (length < 0 && errno == EINTR) continue;
      if (length <= 0) break;
      const std::string answer = obey({text.data(), static_cast<std::size_t>(length)});
      if (send(channel_, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) break;
    }
    for (const Identity& identity : identities_) (void)end_processes(identity);
    _exit(0);
  }

 private:
  /// "ok", or what went wrong.
  std::string obey(const std::string& order) {
    std::array<char, 16> word{};
    int number = -1;
    char rest = 0;
    if (std::sscanf(order.c_str(), "%15s %d%c", word.data(), &number, &rest) != 2) return "no order";
    const auto identity = std::find_if(identities_.begin(), identities_.end(),
                                       [number](const Identity& one) { return one.number == number; });
    if (identity == identities_.end()) return "no such identity";
    const std::string_view what = word.data();
    if (what == "start") return start_agent(*identity);
    if (what != "end" && what != "wipe") return "no order";
    if (!end_processes(*identity)) return "some of its processes cannot be ended";
    return what == "wipe" ? wipe(*identity) : "ok";
  }

  std::string start_agent(const Identity& identity) {
    const pid_t child = fork();
    if (child < 0) return std::string("cannot fork: ") + std::strerror(errno);
    if (child == 0) run_agent(identity);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    // The child is the agent's parent, which has left it behind as a daemon.
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? "ok" : "the agent could not be started";
  }

  [[noreturn]] void run_agent(const Identity& identity) {
    limit_processes(identity);
    if (identity.number != 0) become(identity);
    // No program that is another user by its mode: what a task starts can be ended with the task.
    if (identity.number != 0) prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    signal(SIGPIPE, SIG_DFL);
    for (int number : {SIGINT, SIGTERM, SIGHUP}) signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    const int null = open("/dev/null", O_RDWR);
    for (int i = 0; i < low_descriptors; ++i) dup2(null, i);
    close_range(low_descriptors, ~0U, 0);
    if (chdir("/") != 0) _exit(125);
    const std::string place = identity.place();
    std::array<const char*, 4> words{command_.c_str(), "--errand-agent", place.c_str(), nullptr};
    std::vector<const char*> environment;
    for (const std::string& entry : identity.agent_environment) environment.push_back(entry.c_str());
    environment.push_back(nullptr);
    execve(command_.c_str(), const_cast<char* const*>(words.data()),
           const_cast<char* const*>(environment.data()));
    _exit(127);
  }

  /// True: none lives any more.
  static bool end_processes(const Identity& identity) {
    bool ended = true;
    if (identity.number == 0) {
      system::kill_descendants(system::system_processes(), getpid(), {});
    } else {
      ended = end_processes_of_user(identity.uid, std::string(lock_folder) + "/ending");
    }
    reap();
    return ended;
  }

  std::string wipe(const Identity& identity) {
    if (identity.number != 0) {
      for (const char* folder : everybodys_folders) remove_what_belongs_to(identity.uid, folder);
    }
    const std::string name = identity.folder.substr(identity.folder.rfind('/') + 1);
    const int parent = open(scratch_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    const int problem = parent < 0 ? errno : system::remove_tree_at(parent, name.c_str());
    if (parent >= 0) close(parent);
    return problem == 0 || problem == ENOENT ? "ok" : std::string("cannot wipe: ") + std::strerror(problem);
  }

  static void reap() {
    while (waitpid(-1, nullptr, WNOHANG) > 0) {
    }
  }

  const int channel_;
  const std::vector<Identity> identities_;
  const std::string scratch_;
  const std::string command_;
};

}  // namespace

Result<Starter> Starter::fork_off(std::vector<Identity> identities, std::string scratch,
                                  std::string command) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return system::os_error(errno, "cannot make", "a socket pair", false);
  }
  const pid_t child = fork();
  if (child < 0) return system::os_error(errno, "cannot fork", "the starter", false);
  if (child == 0) {
    close(ends[0]);
    setsid();  // a terminal's ^C is the launchpad's to answer
    StarterProcess(ends[1], std::move(identities), std::move(scratch), std::move(command)).run();
  }
  close(ends[1]);
  return Starter(system::Descriptor(ends[0]));
}

Result<void> Starter::ask(const char* what, const Identity& identity) {
  const std::string order = std::string(what) + " " + std::to_string(identity.number);
  std::array<char, longest_message> answer{};
  ssize_t length = send(channel_.get(), order.data(), order.size(), MSG_NOSIGNAL);
  if (length >= 0) {
    do {
      length = recv(channel_.get(), answer.data(), answer.size(), 0);
    } while (length < 0 && errno == EINTR);
  }
  const std::string text(answer.data(), static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
  if (text == "ok") return {};
  return Error{ErrorCode::engine_unavailable,
               "identity " + identity.user + ": " + (text.empty() ? "the launchpad's starter is gone" : text),
               false, "", 0};
}

}  // namespace errand::launchpad
