// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <grp.h>
#include <malloc.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "launchpad/launchpad.h"
#include "launchpad/process_limit.h"
#include "share/place.h"
#include "system/files.h"
#include "system/try.h"
#include "system/user_directories.h"
#include "system/user_name.h"

/// The launchpad as a process: identities, rights, signals.
namespace errand::launchpad {
namespace {

constexpr const char* own_user = "errand-lp";
constexpr const char* roots_scratch = "/var/lib/errand-launchpad";
constexpr int most_identities = 1000;
constexpr int most_lock_looks = 100;
constexpr useconds_t lock_look_us = 100'000;
constexpr const char* own_program = "/proc/self/exe";
/// The agent stays as long as the launchpad: jobs come at any time.
constexpr const char* agent_idle = "ERRAND_AGENT_IDLE=31536000";

constexpr const char* first_worker = "errand-w1";
constexpr const char* making_users =
    "errand-lp, errand-w1 ... are made by: systemd-sysusers .../share/errand/errand-launchpad.sysusers; "
    "without "
    "systemd by useradd --system --user-group NAME. docs/database.md says more";

volatile int stop_asked = 0;
void on_stop(int) {
  stop_asked = 1;
}

Error refuse(std::string message, std::string hint) {
  return {ErrorCode::invalid_argument, std::move(message), false, std::move(hint), 0};
}

int count_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return sched_getaffinity(0, sizeof set, &set) == 0 ? std::max(1, CPU_COUNT(&set)) : 1;
}

/// Takes a lock that lasts as long as this process and what it forks. Nothing: another has it.
Result<std::optional<system::Descriptor>> take_lock(const std::string& path) {
  const int opened = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (opened < 0) return system::os_error(errno, "cannot open", path, true);
  system::Descriptor file(opened);
  if (flock(file.get(), LOCK_EX | LOCK_NB) == 0) return std::optional(system::keep_high(std::move(file)));
  if (errno == EWOULDBLOCK) return std::optional<system::Descriptor>();
  return system::os_error(errno, "cannot lock", path, true);
}

std::vector<std::string> agent_environment(const Identity& identity, uid_t launchpad, int workers) {
  std::vector<std::string> environment{
      "HOME=" + identity.home(),
      "USER=" + identity.user,
      "TMPDIR=" + identity.temporary(),
      "ERRAND_AGENT_CORES=" + std::to_string(workers),
      std::string(share::launchpad_variable) + "=" + std::to_string(launchpad),
      agent_idle};
  for (const char* name : {"PATH", "LANG", "TZ", "LD_LIBRARY_PATH", "ERRAND_WORKER_IDLE"}) {
    if (const char* value = getenv(name)) environment.push_back(std::string(name) + "=" + value);
  }
  return environment;
}

struct Plan {
  LaunchpadOptions options;
  database::Target target;
  std::string scratch;
  uid_t uid = 0;  ///< of the launchpad itself
  gid_t gid = 0;
  std::vector<Identity> identities;
  std::string role;
  std::vector<system::Descriptor> locks;
};

void add_identity(Plan& plan, int number, const std::string& user, uid_t uid, gid_t gid) {
  Identity identity;
  identity.number = number;
  identity.user = user;
  identity.uid = uid;
  identity.gid = gid;
  identity.folder = plan.scratch + "/w" + std::to_string(number);
  identity.agent_environment = agent_environment(identity, plan.uid, plan.options.workers);
  plan.identities.push_back(std::move(identity));
}

/// errand-w1, errand-w2 ...: those that exist and no other launchpad of this host has.
Result<void> look_for_identities(Plan& plan) {
  for (int k = 1; k <= most_identities; ++k) {
    const std::string user = "errand-w" + std::to_string(k);
    const passwd* entry = getpwnam(user.c_str());
    if (entry == nullptr) break;
    if (entry->pw_uid == 0 || entry->pw_uid == plan.uid)
      return refuse(user + " has the rights of others", "");
    const uid_t uid = entry->pw_uid;
    const gid_t gid = entry->pw_gid;
    TRY(auto lock, take_lock(std::string(lock_folder) + "/w" + std::to_string(k)));
    if (!lock) continue;
    plan.locks.push_back(*std::move(lock));
    add_identity(plan, k, user, uid, gid);
    if (plan.options.identities > 0 &&
        plan.identities.size() >= static_cast<std::size_t>(plan.options.identities)) {
      break;
    }
  }
  return {};
}

Error no_identity() {
  const bool are_taken = getpwnam(first_worker) != nullptr;
  return refuse("no user errand-w1, errand-w2 ... is there and free",
                are_taken ? "other launchpads of this host have them: give those fewer with --identities"
                          : making_users);
}

/// Those of a launchpad that was killed are free when all that it had started is dead.
Result<void> find_identities(Plan& plan) {
  if (mkdir(lock_folder, 0700) != 0 && errno != EEXIST) {
    return system::os_error(errno, "cannot make", lock_folder, true);
  }
  for (int i = 0; plan.identities.empty() && i < most_lock_looks; ++i) {
    if (i > 0) usleep(lock_look_us);
    TRY_VOID(look_for_identities(plan));
  }
  const std::uint64_t share = process_share(own_group_process_limit(), plan.identities.size());
  for (Identity& identity : plan.identities) identity.most_processes = share;
  if (!plan.identities.empty()) return {};
  return no_identity();
}

Result<void> plan_for_root(Plan& plan) {
  const passwd* entry = getpwnam(own_user);
  if (entry == nullptr) return refuse(std::string("there is no user ") + own_user, making_users);
  plan.uid = entry->pw_uid;
  plan.gid = entry->pw_gid;
  if (plan.uid == 0) return refuse(std::string(own_user) + " must not be root", "");
  return find_identities(plan);
}

Result<void> plan_for_user(Plan& plan) {
  if (plan.options.identities > 0)
    return refuse("--identities is for a launchpad that root starts",
                  "tasks of this one run as its own user");
  plan.uid = geteuid();
  plan.gid = getegid();
  plan.role = plan.options.role.empty() ? system::user_name() : plan.options.role;
  add_identity(plan, 0, system::user_name(), plan.uid, plan.gid);
  return {};
}

Result<void> check_options(const LaunchpadOptions& options, bool is_root) {
  if (options.workers < 0 || options.identities < 0) return refuse("a number of workers is not negative", "");
  if (is_root && !options.role.empty())
    return refuse("--role is for a launchpad that is not started as root",
                  "start it as another user; as root it serves every submitter");
  if (!is_root && options.identities > 0)
    return refuse("--identities is for a launchpad that root starts",
                  "tasks of this one run as its own user");
  return {};
}

/// The advice that fits: these are no share directories.
Error of_scratch(Error error) {
  error.hint = "name another folder with --scratch, on a local disk and this user's own";
  return error;
}

/// Others may pass through to their own folders.
Result<void> make_scratch(Plan& plan) {
  if (auto made = system::make_directories(plan.scratch); !made) return of_scratch(std::move(made).error());
  char* resolved = realpath(plan.scratch.c_str(), nullptr);
  if (resolved == nullptr) return system::os_error(errno, "cannot resolve", plan.scratch, true);
  plan.scratch = resolved;
  std::free(resolved);
  const bool is_root = geteuid() == 0;
  if (is_root &&
      (chown(plan.scratch.c_str(), plan.uid, plan.gid) != 0 || chmod(plan.scratch.c_str(), 0711) != 0)) {
    return system::os_error(errno, "cannot own", plan.scratch, true);
  }
  auto taken = take_lock(plan.scratch + "/lock");
  for (int i = 0; taken && !*taken && i < most_lock_looks; ++i) {
    usleep(lock_look_us);
    taken = take_lock(plan.scratch + "/lock");
  }
  if (!taken) return of_scratch(std::move(taken).error());
  auto lock = *std::move(taken);
  if (!lock) {
    return Error{ErrorCode::exists, "another launchpad works in " + plan.scratch, true,
                 "name another with --scratch", 0};
  }
  plan.locks.push_back(*std::move(lock));
  return {};
}

Result<Plan> make_plan(const LaunchpadOptions& options) {
  Plan plan;
  plan.options = options;
  const bool is_root = geteuid() == 0;
  TRY_VOID(check_options(options, is_root));
  if (plan.options.workers == 0) plan.options.workers = count_cores();
  TRY(plan.target, database::parse_connection_string(options.database));
  plan.scratch = options.scratch;
  if (plan.scratch.empty()) plan.scratch = is_root ? roots_scratch : system::state_directory() + "/launchpad";
  if (is_root) {
    const passwd* entry = getpwnam(own_user);
    if (entry != nullptr) {
      plan.uid = entry->pw_uid;
      plan.gid = entry->pw_gid;
    }
  }
  TRY_VOID(make_scratch(plan));
  TRY_VOID(is_root ? plan_for_root(plan) : plan_for_user(plan));
  return plan;
}

/// Irrevocably the launchpad's own user; a member of the identities' groups, to share folders with them. Who
/// started it to end with himself is still heeded: with its rights a process loses that wish.
Result<void> drop_rights(const Plan& plan) {
  int death_signal = 0;
  prctl(PR_GET_PDEATHSIG, &death_signal);
  std::vector<gid_t> groups{plan.gid};
  for (const Identity& identity : plan.identities) groups.push_back(identity.gid);
  const bool done = setgroups(groups.size(), groups.data()) == 0 &&
                    setresgid(plan.gid, plan.gid, plan.gid) == 0 &&
                    setresuid(plan.uid, plan.uid, plan.uid) == 0 && setuid(0) != 0 &&
                    prctl(PR_SET_PDEATHSIG, death_signal) == 0;
  if (done) return {};
  return system::os_error(errno, "cannot become", own_user, false);
}

void open_log() {
  try {
    auto log = spdlog::stderr_logger_st("launchpad");
    log->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %v");
    log->flush_on(spdlog::level::info);
    spdlog::set_default_logger(log);
  } catch (const spdlog::spdlog_ex&) {
    spdlog::set_level(spdlog::level::off);
  }
}

/// They are let in while the launchpad sleeps, and nowhere else.
void take_signals() {
  sigset_t ends;
  sigemptyset(&ends);
  struct sigaction action {};
  action.sa_handler = on_stop;
  for (int number : {SIGTERM, SIGINT}) {
    sigaddset(&ends, number);
    sigaction(number, &action, nullptr);
  }
  sigprocmask(SIG_BLOCK, &ends, nullptr);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
}

std::vector<Slot> make_slots(const Plan& plan) {
  std::vector<Slot> slots;
  for (const Identity& identity : plan.identities) {
    Slot slot;
    slot.identity = identity;
    HostTerms& terms = slot.terms;
    terms.workers = plan.options.workers;
    terms.memory = plan.options.task_memory_limit;
    terms.time_limit = plan.options.task_time_limit;
    terms.share_dir = identity.place();
    terms.user = identity.user;
    terms.home = identity.number == 0 ? system::home_directory() : identity.home();
    terms.temporary = identity.temporary();
    terms.uid = identity.uid;
    terms.gid = identity.gid;
    terms.process = system::system_processes().self();
    slots.push_back(std::move(slot));
  }
  return slots;
}

/// Where every identity can start it, again and again: this program may lie in somebody's home.
Result<std::string> copy_own_program(const Plan& plan) {
  TRY(auto files, system::open_directory(plan.scratch));
  (void)files->remove("errand");
  TRY_VOID(files->import_file(own_program, "errand", true));
  std::string copy = plan.scratch + "/errand";
  if (chmod(copy.c_str(), 0755) != 0) return system::os_error(errno, "cannot share", copy, true);
  return copy;
}

void raise_file_limit() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

}  // namespace
}  // namespace errand::launchpad

namespace errand {

Result<void> run_launchpad(const LaunchpadOptions& options) {
  using namespace launchpad;
  stop_asked = 0;
  umask(022);
  TRY(Plan plan, make_plan(options));
  take_signals();
  raise_file_limit();
  TRY(std::string command, plan.role.empty() ? copy_own_program(plan) : Result<std::string>(own_program));
  TRY(Starter starter, Starter::fork_off(plan.identities, plan.scratch, std::move(command)));
  if (plan.role.empty()) TRY_VOID(drop_rights(plan));
  open_log();
  if (!plan.role.empty()) {
    spdlog::info("not started as root: tasks run as {}, for the submitter {} alone", system::user_name(),
                 plan.role);
  }
  Launchpad launchpad(plan.target, std::move(starter), make_slots(plan), plan.role);
  return launchpad.run(stop_asked);
}

}  // namespace errand
