// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "engine/local/agent.h"
#include "engine/local/world.h"
#include "share/names.h"

/// What wakes the agent, and what it makes of it.
namespace errand::engine::local {
namespace {

constexpr int looking_interval_ms = 100;  // where the file system cannot wake us
constexpr int most_broken_starts = 2;
constexpr std::int64_t ms_ns = 1'000'000;
constexpr int allocation_look_ms = 1000;  // for requests, and whether we still own our chunk

}  // namespace

void Agent::wait_and_dispatch() {
  std::vector<pollfd> polled;
  polled.push_back({watch_->descriptor(), POLLIN, 0});
  std::vector<WorkerHost*> hosts;
  for (const auto& host : hosts_) {
    hosts.push_back(host.get());
    polled.push_back({host->control, POLLIN, 0});
    polled.push_back({host->state == WorkerHost::State::busy ? host->channel : -1, POLLIN, 0});
  }
  for (const auto& job : jobs_) {
    for (const auto& orphan : job->orphans) polled.push_back({orphan.exit_handle, POLLIN, 0});
  }
  poll(polled.data(), polled.size(), next_timeout_ms());
  if (settings_.part) heed_scheduler();
  if (polled[0].fd < 0 || polled[0].revents != 0) take_changes();
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    // The worker first: what it said before it died must be heard before its end.
    if (polled[2 + 2 * i].revents != 0) take_worker_message(*hosts[i]);
    if (polled[1 + 2 * i].revents != 0) take_host_message(*hosts[i]);
  }
  std::erase_if(hosts_, [](const auto& host) { return host->state == WorkerHost::State::gone; });
  take_orphans();
  while (waitpid(-1, nullptr, WNOHANG) > 0) {
  }
  if (!jobs_.empty() || !waiting_.empty()) idle_since_ = monotonic_now();
}

/// Milliseconds until the next thing that is due by time alone; -1: nothing is.
int Agent::next_timeout_ms() const {
  if (watch_->descriptor() < 0) return looking_interval_ms;
  std::int64_t due = jobs_.empty() && waiting_.empty() ? idle_since_ + settings_.idle_exit_ns : -1;
  auto consider = [&due](std::int64_t moment) { due = due < 0 ? moment : std::min(due, moment); };
  for (const auto& host : hosts_) {
    if (host->state == WorkerHost::State::ready || host->idle()) {
      consider(host->idle_since + settings_.host_idle_ns);
    }
  }
  for (const auto& job : jobs_) {
    if (job->hold_until > monotonic_now()) consider(job->hold_until);
    for (const auto& orphan : job->orphans) {
      if (orphan.exit_handle < 0) consider(monotonic_now() + 1000 * ms_ns);
    }
    if (const WorkerHost* host = splittable(*job)) consider(host->range_began + split_age_ns);
  }
  if (settings_.part) consider(monotonic_now() + allocation_look_ms * ms_ns);
  if (due < 0) return -1;
  return static_cast<int>(std::clamp<std::int64_t>((due - monotonic_now() + ms_ns - 1) / ms_ns, 0, 1 << 30));
}

void Agent::take_changes() {
  auto changes = watch_->wait(std::chrono::milliseconds(0));
  if (!changes) return;
  for (const system::Change& change : *changes) {
    if (change.kind == system::Change::Kind::overflow) {
      scan_active();
      for (const auto& job : jobs_) check(*job, job->look(), "look at");
    } else if (change.directory == directory_) {
      bool asked = change.name == "retire" && change.kind != system::Change::Kind::removed;
      retire_asked_ = retire_asked_ || asked;
      if (change.name == sweep_bell && change.kind != system::Change::Kind::removed) sweeper_.wake();
    } else if (change.kind == system::Change::Kind::removed) {
      continue;
    } else if (change.directory == share::jobs_directory) {
      published(change.name);
    } else {
      rung(change.name);
    }
  }
  retire_ = retire_asked_;
}

void Agent::take_orphans() {
  for (const auto& job : jobs_) {
    for (std::size_t i = job->orphans.size(); i-- > 0;) {
      if (processes_.is_alive(job->orphans[i].process)) {
        if (job->canceling()) processes_.signal(job->orphans[i].process.pid, SIGKILL);
        continue;
      }
      if (job->orphans[i].exit_handle >= 0) close(job->orphans[i].exit_handle);
      check(*job, job->orphan_ended(i), "take over from an earlier agent's worker of");
    }
  }
}

void Agent::take_host_message(WorkerHost& host) {
  while (host.state != WorkerHost::State::gone) {
    auto message = worker::receive(host.control, false);
    if (!message) {
      on_host_gone(host);
      return;
    }
    if (!*message) return;
    switch ((*message)->type) {
      case worker::MessageType::spare:
        on_spare(host, **message);
        break;
      case worker::MessageType::ended:
        on_ended(host, **message);
        break;
      case worker::MessageType::broken:
        on_broken(host, **message);
        break;
      default:
        break;
    }
  }
}

void Agent::on_spare(WorkerHost& host, const worker::Message& message) {
  host.close_worker_channel();
  host.channel = message.descriptor;
  host.worker_pid = static_cast<std::int32_t>(message.numbers[0]);
  host.state = WorkerHost::State::ready;
  broken_.erase(host.key);
  host.idle_since = monotonic_now();
}

void Agent::on_ended(WorkerHost& host, const worker::Message& message) {
  if (message.numbers[0] != host.worker_pid) return;  // a spare that nobody had used
  if (host.channel >= 0 && host.state == WorkerHost::State::busy) take_worker_message(host);
  RunningJob* job = host.job;
  auto range = host.range;
  bool closed = host.closed;
  share::WorkerKey key = host.worker;
  detach(host);
  host.close_worker_channel();
  host.state = WorkerHost::State::starting;
  if (job == nullptr || closed) return;
  WorkerEnd end;
  end.wait_status = static_cast<int>(message.numbers[1]);
  end.out_of_memory = (message.numbers[2] & worker::ended_out_of_memory) != 0;
  end.over_time_limit = (message.numbers[2] & worker::ended_time_limit) != 0;
  end.by_our_kill = (message.numbers[2] & worker::ended_by_kill) != 0;
  if (WIFSIGNALED(end.wait_status) && scheduler_ends_us()) end.by_our_kill = true;
  spdlog::info("a worker of {} ended: {}", job->id(), end.words());
  check(*job, job->worker_lost(key, range, end), "requeue the tasks of");
}

/// A path that a fresh supervisor would start for one of the jobs: not that of a job removed meanwhile.
bool Agent::is_of_a_job(const std::string& key, const std::string& program) const {
  return std::any_of(jobs_.begin(), jobs_.end(), [&](const auto& job) {
    return job->host_key() == key && job->start_spec(settings_.command).argv.front() == program;
  });
}

/// No warm parent comes up: once more with a fresh supervisor, then the jobs that need it fail. It counts for
/// nothing where the job whose program it was has been removed.
void Agent::on_broken(WorkerHost& host, const worker::Message& message) {
  spdlog::warn("no worker can be had: {}", message.text);
  host.state = WorkerHost::State::gone;
  std::string key = host.key;
  std::string program = host.program;
  RunningJob* attached = host.job;
  auto range = host.range;
  share::WorkerKey worker = host.worker;
  bool closed = host.closed;
  detach(host);
  if (attached != nullptr && !closed) {
    WorkerEnd unseen;
    unseen.unseen = true;
    check(*attached, attached->worker_lost(worker, range, unseen), "requeue the tasks of");
  }
  if (!is_of_a_job(key, program) || ++broken_[key] < most_broken_starts) return;
  broken_.erase(key);
  for (const auto& job : jobs_) {
    if (job->host_key() != key || !job->workers.empty()) continue;
    check(*job, job->fail_waiting(message.text), "fail");
  }
}

void Agent::on_host_gone(WorkerHost& host) {
  if (host.channel >= 0 && host.state == WorkerHost::State::busy) take_worker_message(host);
  if (host.state == WorkerHost::State::gone) return;
  host.state = WorkerHost::State::gone;
  RunningJob* job = host.job;
  auto range = host.range;
  share::WorkerKey key = host.worker;
  bool closed = host.closed;
  std::int32_t pid = host.worker_pid;
  bool had_worker = host.channel >= 0;
  detach(host);
  // Its supervisor was killed: the worker dies with the warm parent, and what it had started comes to us.
  if (had_worker) processes_.signal(pid, SIGKILL);
  std::vector<std::int32_t> spared;
  for (const auto& other : hosts_) {
    if (other->state != WorkerHost::State::gone) spared.push_back(other->supervisor);
  }
  system::kill_descendants(processes_, getpid(), spared);
  if (job == nullptr || closed) return;
  spdlog::warn("the supervisor of a worker of {} is gone", job->id());
  WorkerEnd unseen;
  unseen.unseen = true;
  unseen.by_our_kill = scheduler_ends_us();
  check(*job, job->worker_lost(key, range, unseen), "requeue the tasks of");
}

void Agent::take_worker_message(WorkerHost& host) {
  while (host.channel >= 0 && host.state == WorkerHost::State::busy) {
    auto message = worker::receive(host.channel, false);
    if (!message) {
      // It is ending; its supervisor will tell how. Nothing more can be read.
      host.close_worker_channel();
      return;
    }
    if (!*message) return;
    if ((*message)->type == worker::MessageType::done) on_done(host, **message);
    if ((*message)->type == worker::MessageType::closed) on_closed(host);
  }
}

/// Its log is complete: the job need not wait for its end.
void Agent::on_closed(WorkerHost& host) {
  host.closed = true;
  if (host.job != nullptr) host.job->workers.erase(&host);
  host.job = nullptr;
  host.range.reset();
}

void Agent::on_done(WorkerHost& host, const worker::Message& message) {
  if (host.job == nullptr || !host.range) return;
  TaskRange range = *host.range;
  host.range.reset();
  host.idle_since = monotonic_now();
  auto number = [&](std::size_t i) { return static_cast<std::uint64_t>(message.numbers[i]); };
  if (number(4) < range.count) host.finishing = false;
  host.job->range_done(range, number(4), number(5), number(6));
  if ((message.flags & worker::done_closed) != 0) on_closed(host);
}

}  // namespace errand::engine::local
