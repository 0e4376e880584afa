// SPDX-License-Identifier: Apache-2.0
#include "launchpad/launchpad.h"

#include <poll.h>
#include <signal.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <ctime>

#include "launchpad/patience.h"
#include "share/names.h"
#include "system/clock.h"
#include "system/try.h"

namespace errand::launchpad {
namespace {

constexpr const char* sessions = "the session with the database";

Error no_workers(const std::vector<Slot>& slots) {
  std::string names = slots.front().identity.role();
  if (slots.size() > 1) names += " ... " + slots.back().identity.role();
  return {ErrorCode::engine_refused, "no job could run: the database has no worker " + names, false,
          "errand database init --workers N makes them; a launchpad that needs none, for one submitter, is "
          "started as another user than root, with --role",
          0};
}

}  // namespace

Launchpad::Launchpad(database::Target target, Starter starter, std::vector<Slot> slots, std::string role)
    : target_(std::move(target)),
      starter_(std::move(starter)),
      slots_(std::move(slots)),
      role_(std::move(role)),
      sweeper_(target_, monotonic_ns()) {}

Result<void> Launchpad::connect() {
  TRY(session_, open_session(target_, role_));
  depot_.use(session_.connection.get(), session_.lease);
  wanted_ = scan_ = connected_now_ = true;
  unreadable_.clear();
  (void)complaints_.end(sessions);
  return learn_connection();
}

/// Whether there is anything that this launchpad could run here. Errors: engine_refused.
Result<void> Launchpad::check_purpose() {
  if (!role_.empty()) return check_role(session_, role_);
  TRY_VOID(look_for_workers());
  return count_with_worker() > 0 ? Result<void>() : no_workers(slots_);
}

/// The server may be starting still, or again.
Result<void> Launchpad::connect_first(const volatile int& stop) {
  for (;;) {
    auto connected = connect();
    if (connected) connected = check_purpose();
    if (connected || !connected.error().transient || stop != 0) return connected;
    session_.connection.reset();
    reconnect_ns_ = monotonic_ns() + reconnect_interval_ns;
    tell_of_no_session(connected.error());
    while (stop == 0 && monotonic_ns() < reconnect_ns_) TRY_VOID(wait());
  }
}

void Launchpad::tell_of_no_session(const Error& error) {
  if (complaints_.is_due(sessions, error, monotonic_ns()))
    spdlog::warn("no session with the database, it is asked again and again: {}", words_of(error));
}

/// What is in the scratch places goes on; what was under way is in doubt.
void Launchpad::lose_session() {
  if (!session_.connection) return;
  spdlog::warn("the session with the database is lost");
  depot_.use(nullptr, 0);
  session_.connection.reset();
  reconnect_ns_ = monotonic_ns();
  for (Slot& slot : slots_) {
    for (auto& [id, job] : slot.jobs) {
      job.mirror->doubt();
      job.has_said_no_room = false;
    }
  }
}

void Launchpad::reconnect() {
  if (session_.connection || monotonic_ns() < reconnect_ns_) return;
  const std::int64_t earlier = session_.lease;
  auto connected = connect();
  if (connected) connected = adopt(session_, earlier);
  if (!connected) {
    tell_of_no_session(connected.error());
    // The jobs are still held under the earlier lease.
    session_.connection.reset();
    session_.lease = earlier;
    depot_.use(nullptr, 0);
    reconnect_ns_ = monotonic_ns() + reconnect_interval_ns;
    return;
  }
  spdlog::info("connected again, lease {}", session_.lease);
  for (Slot& slot : slots_) {
    for (auto& [id, job] : slot.jobs) job.rung = true;
  }
}

void Launchpad::rung(const std::string& id) {
  HeldJob* held = nullptr;
  for (Slot& slot : slots_) {
    if (auto found = slot.jobs.find(id); found != slot.jobs.end()) held = &found->second;
  }
  if (held != nullptr)
    held->rung = true;
  else
    awaited_.insert(id);
}

void Launchpad::take_notifications() {
  if (!session_.connection) return;
  auto arrived = session_.connection->notifications();
  if (!arrived) return lose_session();
  for (const database::Notification& notification : *arrived) rung(notification.payload);
}

void Launchpad::take_changes(Slot& slot) {
  if (!slot.watch) return;
  auto changes = slot.watch->wait(std::chrono::milliseconds(0));
  if (!changes) return;
  for (const system::Change& change : *changes) {
    if (change.kind == system::Change::Kind::overflow) {
      for (auto& [id, job] : slot.jobs) {
        job.mirror->changed_all();
        job.settled = job.mirror->settled_here();
      }
    } else if (change.directory == share::active_directory) {
      auto held = slot.jobs.find(change.name);
      if (held != slot.jobs.end()) held->second.settled = held->second.mirror->settled_here();
    } else {
      auto held = slot.jobs.find(change.directory.substr(share::jobs_directory.size() + 1));
      if (held != slot.jobs.end()) held->second.mirror->changed(change.name);
    }
  }
}

/// The next moment when something has to be done by the clock alone.
std::int64_t Launchpad::next_due() const {
  std::int64_t due = scanned_ns_ + scan_interval_ns;
  if (!session_.connection) due = std::min(due, reconnect_ns_);
  for (const Slot& slot : slots_) {
    if (!slot.is_idle()) due = std::min(due, looked_ns_ + look_interval_ns);
    if (slot.unusable_until_ns != 0) due = std::min(due, slot.unusable_until_ns);
    if (!slot.is_free() && slot.is_idle()) due = std::min(due, slot.idle_since_ns + warm_ns);
    for (const auto& [id, job] : slot.jobs) {
      const std::int64_t job_due = job.settled || job.rung ? 1 : job.due_ns;
      if (job_due != 0 && session_.connection) due = std::min(due, std::max(job_due, job.hold_until_ns));
      if (job.unwatched_until_ns != 0) due = std::min(due, job.unwatched_until_ns);
    }
  }
  if ((wanted_ || scan_ || !awaited_.empty()) && session_.connection) due = 0;
  return due;
}

Result<void> Launchpad::wait() {
  std::vector<pollfd> polled;
  polled.push_back({starter_.descriptor(), POLLIN, 0});
  polled.push_back({session_.connection ? session_.connection->descriptor() : -1, POLLIN, 0});
  for (const Slot& slot : slots_) polled.push_back({slot.watch ? slot.watch->descriptor() : -1, POLLIN, 0});
  const std::int64_t left = std::max<std::int64_t>(next_due() - monotonic_ns(), 0);
  const timespec timeout{left / 1'000'000'000, left % 1'000'000'000};
  // Everywhere else the signals that end us wait.
  sigset_t none;
  sigemptyset(&none);
  if (ppoll(polled.data(), polled.size(), &timeout, &none) < 0) return {};
  if (polled[0].revents == 0) return {};
  return Error{ErrorCode::engine_unavailable, "the launchpad's starter is gone", true, "start it again", 0};
}

Result<void> Launchpad::run(const volatile int& stop) {
  TRY_VOID(wipe_all());
  TRY_VOID(connect_first(stop));
  for (Slot& slot : slots_) {
    if (slot.has_worker) take_back(slot);
  }
  const std::size_t count = count_with_worker();
  spdlog::info("serves {} with {} {}, lease {}", target_.place(), count,
               count == 1 ? "identity" : "identities", session_.lease);
  Result<void> served;
  while (stop == 0 && served) {
    reconnect();
    take_notifications();
    for (Slot& slot : slots_) take_changes(slot);
    end_rests();
    claim_all();
    attend_all();
    sweeper_.tend(monotonic_ns());
    take_notifications();
    served = wait();
  }
  end();
  return served;
}

}  // namespace errand::launchpad
