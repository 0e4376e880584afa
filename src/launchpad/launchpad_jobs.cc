// SPDX-License-Identifier: Apache-2.0
#include <spdlog/spdlog.h>

#include <algorithm>

#include "database/statements.h"
#include "engine/local/agent_process.h"
#include "launchpad/launchpad.h"
#include "launchpad/patience.h"
#include "share/names.h"
#include "system/try.h"

/// From claim to end: one job after the other.
namespace errand::launchpad {

/// For what nobody has told us of: jobs, of dead launchpads too, and new workers.
void Launchpad::begin_scan() {
  scanned_ns_ = monotonic_ns() - (connected_now_ ? scan_interval_ns - second_scan_ns : 0);
  connected_now_ = false;
  for (Slot& slot : slots_) {
    for (auto& [id, job] : slot.jobs) job.rung = true;
  }
  if (role_.empty() && !look_for_workers() && session_.connection->is_lost()) lose_session();
}

/// Claims until nothing is left that we could run: one claim for each notification would let a backlog stall.
void Launchpad::claim_all() {
  if (!session_.connection) return;
  if (monotonic_ns() - scanned_ns_ >= scan_interval_ns) scan_ = true;
  if (!wanted_ && !scan_ && awaited_.empty()) return;
  const bool of_the_dead = scan_;
  const bool all = wanted_ || scan_;
  if (scan_) begin_scan();
  wanted_ = scan_ = false;
  for (bool more = true; more && session_.connection;) {
    SqlDepot::Wanted ours{{}, {}, claim_batch, of_the_dead};
    SqlDepot::Wanted others{{}, {}, 0, of_the_dead};
    ours.unwanted.assign(unreadable_.begin(), unreadable_.end());
    for (const Slot& slot : slots_) {
      for (const auto& [id, job] : slot.jobs) ours.held.push_back(job.mirror->path());
      const bool usable = slot.is_usable(monotonic_ns());
      const bool has_room = slot.jobs.size() < most_held;
      if (!slot.is_free()) others.but_of.push_back(slot.owner);
      if (!slot.is_free() && usable && has_room) ours.owners.push_back(slot.owner);
      if (usable && slot.is_idle()) ++others.most;
    }
    for (const auto& [owner, until] : refused_) {
      if (until > monotonic_ns()) others.but_of.push_back(owner);
    }
    if (!role_.empty()) others.owners = {role_};
    others.held = ours.held;
    others.unwanted = ours.unwanted;
    more = !ours.owners.empty() && claim_some(ours);
    // Those that rang may all be whom we serve already.
    const bool are_others = all || !awaited_.empty();
    more = (are_others && others.most > 0 && claim_some(others)) || more;
  }
  awaited_.clear();
}

/// True if there may be more: it was given as many as it asked for.
bool Launchpad::claim_some(const SqlDepot::Wanted& wanted) {
  auto arrivals = depot_.claim(wanted);
  if (!arrivals) {
    spdlog::error("cannot claim: {}", words_of(arrivals.error()));
    if (session_.connection && session_.connection->is_lost()) lose_session();
    return false;
  }
  for (const Arrival& arrival : *arrivals) {
    if (!session_.connection) return false;
    awaited_.erase(arrival.job.id);
    if (HeldJob* held = find_held(arrival.job)) {
      held->mirror->doubt();  // the server has forgotten that it is ours
      held->rung = true;
      continue;
    }
    Slot* slot = slot_for(arrival.job.owner);
    if (slot == nullptr) {
      give_back(arrival.job);
    } else {
      take_in(*slot, arrival);
    }
  }
  return arrivals->size() >= wanted.most;
}

HeldJob* Launchpad::find_held(const JobKey& job) {
  for (Slot& slot : slots_) {
    auto held = slot.owner == job.owner ? slot.jobs.find(job.id) : slot.jobs.end();
    if (held != slot.jobs.end()) return &held->second;
  }
  return nullptr;
}

void Launchpad::take_in(Slot& slot, const Arrival& arrival) {
  const std::string& id = arrival.job.id;
  sweeper_.serves(arrival.job.owner);
  auto mirror = Mirror::arrive(depot_, slot.place, slot.terms, arrival);
  if (!mirror) {
    if (complaints_.is_due(id, mirror.error(), monotonic_ns()))
      spdlog::error("cannot take {} in: {}", id, words_of(mirror.error()));
    const ErrorCode code = mirror.error().code;
    if (code == ErrorCode::corrupt || code == ErrorCode::version_mismatch) return refuse(arrival.job);
    // Claimed under a lease that is gone with its session: it is found again.
    if (session_.connection && session_.connection->is_lost()) return lose_session();
    slot.unusable_until_ns = monotonic_ns() + hold_ns;
    give_back(arrival.job);
    return;
  }
  HeldJob& held = slot.jobs[id];
  held.mirror = *std::move(mirror);
  held.due_ns = held.unwatched_until_ns = monotonic_ns() + company_ns;
  if (engine::local::agent_is_up(*slot.place)) return;
  auto started = starter_.start_agent(slot.identity);
  if (!started) spdlog::error("{}", words_of(started.error()));
}

void Launchpad::give_back(const JobKey& job) {
  if (auto given = depot_.give_back(job); !given) {
    spdlog::warn("cannot give {} back: {}", job.id, words_of(given.error()));
  }
}

/// What we cannot read, a newer launchpad perhaps can. Until the next session we do not ask for it again.
void Launchpad::refuse(const JobKey& job) {
  const std::string path = share::job_path(job.id);
  unreadable_.insert(path);
  if (unreadable_.size() <= most_refusals_said && session_.connection) {
    (void)session_.connection->run(database::statements::say_unreadable, database::Parameters().text(path));
  }
  give_back(job);
}

void Launchpad::attend_all() {
  const bool look = monotonic_ns() - looked_ns_ >= look_interval_ns;
  if (look) looked_ns_ = monotonic_ns();
  for (Slot& slot : slots_) {
    if (look) look_after(slot);
    if (!slot.is_free()) attend(slot);
  }
}

void Launchpad::attend(Slot& slot) {
  for (auto next = slot.jobs.begin(); next != slot.jobs.end();) {
    auto held = next++;
    attend(slot, held->second);
    say_whether_there_is_room(held->first, held->second);
    if (held->second.mirror) continue;
    const bool was_full = slot.jobs.size() >= most_held;
    slot.jobs.erase(held);
    slot.idle_since_ns = monotonic_ns();
    const bool no_identity_left =
        std::none_of(slots_.begin(), slots_.end(), [](const Slot& other) { return other.is_free(); });
    wanted_ = wanted_ || was_full || (slot.is_idle() && no_identity_left);
  }
  if (slot.is_idle() && monotonic_ns() - slot.idle_since_ns >= warm_ns) retire(slot);
}

/// Most jobs are over by then, and were shipped whole: each of their files would have woken us for nothing.
void Launchpad::watch(Slot& slot, HeldJob& job) {
  (void)slot.watch->add(job.mirror->path());
  job.mirror->changed_all();
  job.unwatched_until_ns = 0;
}

/// A job that is over has no mirror afterwards.
void Launchpad::attend(Slot& slot, HeldJob& job) {
  const std::int64_t now = monotonic_ns();
  if (job.unwatched_until_ns != 0 && job.unwatched_until_ns <= now) watch(slot, job);
  if (job.mirror->pending()) {
    const std::int64_t due = now + (job.mirror->urgent() ? seal_company_ns : company_ns);
    job.due_ns = job.due_ns == 0 ? due : std::min(job.due_ns, due);
  }
  if (now < job.hold_until_ns) return;
  const bool due = job.rung || job.settled || (job.due_ns != 0 && job.due_ns <= now);
  if (!due || (!session_.connection && !job.abandoned)) return;
  const std::string id = job.mirror->job().id;
  auto carried = carry(slot, job);
  if (!carried) return heed(job, carried.error());
  job.finds_no_room = false;
  if (complaints_.end(id)) spdlog::info("{} is carried again", id);
}

Result<void> Launchpad::carry(Slot& slot, HeldJob& job) {
  if (!job.abandoned) {
    if (job.rung) {
      TRY_VOID(job.mirror->fetch());
      job.rung = false;
      job.settled = job.mirror->settled_here();  // what was asked for may begin it again
    }
    if (job.due_ns != 0 && !job.settled) TRY_VOID(job.mirror->ship(monotonic_ns()));
  }
  job.due_ns = 0;
  job.rung = false;
  if (!job.settled) return {};
  if (!job.abandoned) {
    TRY(const bool released, job.mirror->settle(monotonic_ns()));
    job.settled = released;
    job.rung = !released;
    if (!released) return {};
  }
  spdlog::info("{} has ended", job.mirror->job().id);
  if (job.unwatched_until_ns == 0) slot.watch->remove(job.mirror->path());
  job.mirror->remove_here();
  job.mirror.reset();
  return {};
}

void Launchpad::heed(HeldJob& job, const Error& error) {
  if (session_.connection && session_.connection->is_lost()) return lose_session();
  job.mirror->doubt();
  job.hold_until_ns = monotonic_ns() + hold_ns;
  if (job.due_ns == 0) job.due_ns = monotonic_ns();
  if (error.code != ErrorCode::job_missing) return tell_of(job, error);
  (void)complaints_.end(job.mirror->job().id);
  job.finds_no_room = false;
  spdlog::info("{} was removed, or is another launchpad's", job.mirror->job().id);
  job.abandoned = true;
  job.hold_until_ns = 0;
  job.settled = job.mirror->settled_here();
  if (!job.settled) job.mirror->abandon();
}

void Launchpad::tell_of(HeldJob& job, const Error& error) {
  // That of the scratch place has a number of the operating system's.
  job.finds_no_room = error.code == ErrorCode::no_space && error.os_error == 0;
  const std::string& id = job.mirror->job().id;
  if (!complaints_.is_due(id, error, monotonic_ns())) return;
  spdlog::error("cannot carry {}, it is tried again every second: {}", id, words_of(error));
}

/// To clients, by a lock: a full database takes no other word.
void Launchpad::say_whether_there_is_room(const std::string& id, HeldJob& job) {
  if (job.finds_no_room == job.has_said_no_room || !session_.connection) return;
  const auto said = session_.connection->run(
      job.finds_no_room ? database::statements::say_no_room : database::statements::say_room,
      database::Parameters().text(share::job_path(id)));
  if (said) job.has_said_no_room = job.finds_no_room;
}

/// What wakes nobody: progress, and an agent that was killed by what it ran.
void Launchpad::look_after(Slot& slot) {
  if (slot.is_idle()) return;
  if (!engine::local::agent_is_up(*slot.place)) {
    auto started = starter_.start_agent(slot.identity);
    if (!started) spdlog::error("{}", words_of(started.error()));
  }
  for (auto& [id, job] : slot.jobs) {
    job.settled = job.settled || job.mirror->settled_here();
    if (job.abandoned || !session_.connection) continue;
    if (auto shipped = job.mirror->ship_progress(); !shipped) heed(job, shipped.error());
  }
}

}  // namespace errand::launchpad
