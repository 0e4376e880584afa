// SPDX-License-Identifier: Apache-2.0
#include "engine/local/allocation.h"

#include <signal.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>

#include "engine/local/agent.h"
#include "share/names.h"
#include "system/try.h"

/// The agent inside an allocation: the same agent, for one part of one job, told by signals what its
/// scheduler has in mind.
namespace errand::engine::local {
namespace {

/// A scheduler signals every process of an allocation, one after the other: a worker may die by a signal
/// that has not reached us yet.
constexpr int signal_spread_ms = 100;
/// How often requests, stop marks and newer owners of our chunk are looked for.
constexpr std::int64_t look_interval_ns = 5'000'000'000;
/// A task that took this share of its allocation would not fit into another one either.
constexpr double whole_allocation = 0.9;
/// A longer time between warning and end is a slip of the pen.
constexpr std::uint32_t longest_grace_s = 86'400;

volatile sig_atomic_t allocation_warned = 0;
volatile sig_atomic_t allocation_ended = 0;
/// Seconds from the warning to the end where the end is a SIGKILL; 0: it comes as SIGTERM.
volatile sig_atomic_t allocation_grace = 0;

void on_warning(int) {
  allocation_warned = 1;
  if (allocation_grace > 0) alarm(static_cast<unsigned>(allocation_grace));
}
void on_end(int) {
  allocation_ended = 1;
}

void handle(int number, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigaction(number, &action, nullptr);
}

void become_allocation() {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  handle(SIGUSR1, on_warning);
  handle(SIGURG, on_warning);
  handle(SIGTERM, on_end);
  handle(SIGUSR2, on_end);
  handle(SIGINT, on_end);
  handle(SIGALRM, on_end);
  handle(SIGPIPE, SIG_IGN);
  handle(SIGHUP, SIG_IGN);
  try {
    auto log = spdlog::stderr_logger_st("allocation");
    log->set_pattern("errand: %v");
    log->flush_on(spdlog::level::info);
    spdlog::set_default_logger(log);
    spdlog::set_level(spdlog::level::warn);  // what it prints lands in a file of the job
  } catch (const spdlog::spdlog_ex&) {
    spdlog::set_level(spdlog::level::off);
  }
}

bool read_index(const char* text, std::uint32_t& number) {
  std::string_view digits(text);
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc() && end == digits.data() + digits.size();
}

/// Variables of this process whose names begin with one of the comma-separated prefixes.
std::vector<std::string> variables_with(std::string_view prefixes) {
  std::vector<std::string> kept;
  while (!prefixes.empty()) {
    const std::size_t comma = std::min(prefixes.find(','), prefixes.size());
    const std::string_view prefix = prefixes.substr(0, comma);
    for (char** entry = environ; *entry != nullptr && !prefix.empty(); ++entry) {
      if (std::string_view(*entry).starts_with(prefix)) kept.emplace_back(*entry);
    }
    prefixes.remove_prefix(std::min(comma + 1, prefixes.size()));
  }
  return kept;
}

struct AllocationOrders {
  std::string share_dir;
  Part part;
  int exit_code_to_continue = exit_code_rest;
};

/// One option and its value. False: there is no such option.
bool read_option(std::string_view option, const char* value, AllocationOrders& orders) {
  std::uint32_t number = 0;
  if (option == "--keep") {
    orders.part.environment = variables_with(value);
    return true;
  }
  if (!read_index(value, number)) return false;
  if (option == "--grace") allocation_grace = static_cast<sig_atomic_t>(std::min(number, longest_grace_s));
  if (option == "--continue-by-exit") orders.exit_code_to_continue = static_cast<int>(number & 0xff);
  return option == "--grace" || option == "--continue-by-exit";
}

Result<AllocationOrders> read_orders(int argc, char** argv) {
  const Error usage{ErrorCode::invalid_argument,
                    "usage: errand --errand-allocation PLACE JOB SUBMISSION ELEMENT [--keep PREFIXES] "
                    "[--grace SECONDS] [--continue-by-exit CODE] [-- CONTINUATION...]",
                    false, "this is what submit scripts call", 0};
  if (argc < 6) return usage;
  AllocationOrders orders{argv[2], {}, exit_code_rest};
  auto id = share::parse_job_id(argv[3]);
  if (!id || !read_index(argv[4], orders.part.submission) || !read_index(argv[5], orders.part.element)) {
    return usage;
  }
  orders.part.job = *id;
  for (int i = 6; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--") {
      orders.part.continuation.assign(argv + i + 1, argv + argc);
      break;
    }
    if (i + 1 == argc || !read_option(word, argv[i + 1], orders)) return usage;
    ++i;
  }
  return orders;
}

/// Has the scheduler start this element again. The exit code: 0 if it will, or the one that asks it to.
int run_continuation(const std::vector<std::string>& argv, int exit_code_to_continue) {
  if (argv.empty()) return exit_code_to_continue;
  const pid_t pid = fork();
  if (pid == 0) {
    std::vector<char*> words;
    words.reserve(argv.size() + 1);
    for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    execvp(words[0], words.data());
    _exit(127);
  }
  int status = 0;
  while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : exit_code_rest;
}

}  // namespace

bool Agent::scheduler_ends_us() const {
  if (!settings_.part) return false;
  for (int waited = 0; waited < signal_spread_ms && allocation_ended == 0; waited += 10) usleep(10'000);
  return allocation_ended != 0;
}

/// What the scheduler has told us by signals, and what others have written.
void Agent::heed_scheduler() {
  const std::int64_t now = monotonic_now();
  const bool ends = allocation_ended != 0 && !left_tasks_;
  for (const auto& job : jobs_) {
    if (ends || now - looked_ >= look_interval_ns) check(*job, job->look(), "look at");
    if ((allocation_warned != 0 || ends) && !job->draining()) job->drain();
  }
  if (ends || now - looked_ >= look_interval_ns) looked_ = now;
  if (allocation_warned != 0 || ends) {
    for (const auto& host : hosts_) {
      if (host->job == nullptr || host->stop_asked || !host->range) continue;
      host->stop_range(place_->files(),
                       host->job->directory().path() + "/" + share::progress_name(host->worker));
    }
  }
  if (ends) leave_tasks_in_hand();
}

/// The end has come, after the warning or without one: nothing of what runs can be waited for.
void Agent::leave_tasks_in_hand() {
  left_tasks_ = true;
  for (const auto& host : hosts_) {
    if (host->job == nullptr || host->closed || !host->range) continue;
    if (allocation_warned != 0) {
      check(*host->job, host->job->end_of_allocation(host->worker, began_), "end a task of");
    }
    host->kill_asked = true;
    host->kill_worker();
  }
}

Agent::PartServed Agent::run_part() {
  began_ = looked_ = monotonic_now();
  scan_active();
  schedule();
  while (!jobs_.empty() || !waiting_.empty()) {
    wait_and_dispatch();
    schedule();
  }
  hosts_.clear();
  return {part_failed_ ? 1 : 0, part_rest_};
}

void RunningJob::drain() {
  draining_ = true;
  if (!queue.empty()) has_rest_ = true;
  queue.clear();
}

Result<void> RunningJob::end_of_allocation(const share::WorkerKey& worker, std::int64_t began_ns) {
  auto progress = directory_->progress(worker);
  if (!progress || !progress->current_task || canceling_) return {};
  const std::int64_t now = system::system_clock().monotonic_ns();
  const auto in_hand = static_cast<double>(now - progress->task_started);
  if (in_hand < whole_allocation * static_cast<double>(now - began_ns)) return {};
  TRY_VOID(record_failure(*progress->current_task, progress->current_attempt, FailureCause::time_limit,
                          "time limit",
                          "did not end within the time limit of a whole allocation; ask the scheduler for "
                          "more time, or make the tasks shorter"));
  return own_log_->sync();
}

int run_allocation(int argc, char** argv) {
  become_allocation();
  auto orders = read_orders(argc, argv);
  if (!orders) {
    std::fprintf(stderr, "errand: %s\n", orders.error().message.c_str());
    return 2;
  }
  const std::vector<std::string> continuation = orders->part.continuation;
  const int exit_code_to_continue = orders->exit_code_to_continue;
  AgentSettings settings;
  settings.share_dir = orders->share_dir;
  settings.command = "/proc/self/exe";
  settings.part = std::move(orders->part);
  auto agent = Agent::start(std::move(settings));
  if (!agent) {
    std::fprintf(stderr, "errand: %s\n", agent.error().message.c_str());
    return 1;
  }
  const auto [code, rest] = (*agent)->run_part();
  agent->reset();
  // An end without a warning is the scheduler's own decision, and so is what comes after it.
  if (!rest) return code;
  return allocation_warned != 0 ? run_continuation(continuation, exit_code_to_continue) : exit_code_rest;
}

}  // namespace errand::engine::local
