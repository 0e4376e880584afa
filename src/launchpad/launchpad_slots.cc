// SPDX-License-Identifier: Apache-2.0
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>

#include "launchpad/launchpad.h"
#include "launchpad/patience.h"
#include "system/try.h"

/// Whom the tasks run as.
namespace errand::launchpad {
namespace {

/// Where Debian and most others have the server's socket.
constexpr const char* usual_socket_folder = "/var/run/postgresql";

/// As libpq takes PGOPTIONS apart: at spaces, unless a backslash is before them.
std::string escaped(const std::string& word) {
  std::string text;
  for (char c : word) {
    if (c == ' ' || c == '\\' || c == '\t') text.push_back('\\');
    text.push_back(c);
  }
  return text;
}

/// Whether the server takes notice of a session's end in the middle of a statement, as it was asked to for
/// ours.
constexpr const char* where_we_are =
    "select current_setting('port'), current_database()::text, "
    "coalesce(current_setting('client_connection_check_interval', true), '0') <> '0'";
/// A task that is ended leaves no statement running.
constexpr const char* notice_of_death = " -c client_connection_check_interval=1s";

std::string lending_to(const std::string& owner) {
  return "lending to " + owner;
}

std::string host_of(const database::Target& target, const std::string& port) {
  auto host = target.parameters.find("host");
  if (host != target.parameters.end() && !host->second.empty()) return host->second;
  if (const char* named = std::getenv("PGHOST"); named != nullptr && *named != '\0') return named;
  const std::string socket = std::string(usual_socket_folder) + "/.s.PGSQL." + port;
  return access(socket.c_str(), F_OK) == 0 ? usual_socket_folder : "/tmp";
}

}  // namespace

std::string Launchpad::options_for(const Slot& slot) const {
  const bool alone = slot.identity.number == 0;
  return "PGOPTIONS=" + (alone ? "" : "-c role=" + escaped(slot.owner)) + task_options_;
}

/// How tasks find the database that their job came from.
Result<void> Launchpad::learn_connection() {
  TRY(database::Rows rows, session_.connection->run(where_we_are));
  const std::string port(rows.text(0, 0));
  const std::string name(rows.text(0, 1));
  task_options_ = rows.truth(0, 2) ? notice_of_death : "";
  for (Slot& slot : slots_) {
    const bool alone = slot.identity.number == 0;
    slot.terms.connection = {"PGHOST=" + host_of(target_, port), "PGPORT=" + port, "PGDATABASE=" + name,
                             "PGUSER=" + (alone ? role_ : slot.identity.role())};
    if (!slot.is_free()) slot.terms.connection.push_back(options_for(slot));
  }
  return {};
}

/// Without its worker an identity would be tried again and again, and its jobs would wait for ever.
Result<void> Launchpad::look_for_workers() {
  TRY(const auto pool, read_pool(session_));
  for (Slot& slot : slots_) {
    const std::string worker = slot.identity.role();
    if (slot.has_worker == pool.contains(worker)) continue;
    slot.has_worker = !slot.has_worker;
    if (slot.has_worker)
      spdlog::info("{} is used: the database has a worker {}", slot.identity.user, worker);
    else
      spdlog::warn("{} is not used: the database has no worker {}", slot.identity.user, worker);
  }
  return {};
}

std::size_t Launchpad::count_with_worker() const {
  const auto has_worker = [](const Slot& slot) { return slot.has_worker; };
  return static_cast<std::size_t>(std::count_if(slots_.begin(), slots_.end(), has_worker));
}

/// The identity that serves the submitter; one that was free or idle, if he has none. Null: there is none, or
/// his role may not be lent.
Slot* Launchpad::slot_for(const std::string& owner) {
  Slot* best = nullptr;
  for (Slot& slot : slots_) {
    if (slot.owner == owner) return &slot;
    if (!slot.is_usable(monotonic_ns()) || !slot.is_idle()) continue;
    const bool better = best == nullptr || (slot.is_free() && !best->is_free()) ||
                        (slot.is_free() == best->is_free() && slot.idle_since_ns < best->idle_since_ns);
    if (better) best = &slot;
  }
  if (best == nullptr) return nullptr;
  if (!best->is_free()) retire(*best);
  if (!best->is_free() || best->unclean) return nullptr;
  auto given = lend(*best, owner);
  if (given) return best;
  if (complaints_.is_due(lending_to(owner), given.error(), monotonic_ns()))
    spdlog::error("cannot give {} to {}: {}", best->identity.user, owner, words_of(given.error()));
  retire(*best);
  if (session_.connection && session_.connection->is_lost()) {
    lose_session();
    return nullptr;
  }
  // That of the scratch place has a number of the operating system's.
  const bool is_his_fault = given.error().code == ErrorCode::place_unwritable && given.error().os_error == 0;
  if (is_his_fault) refused_[owner] = monotonic_ns() + refusal_ns;
  const std::int64_t rested_ns = monotonic_ns() + hold_ns;
  if (!is_his_fault) best->unusable_until_ns = std::max(best->unusable_until_ns, rested_ns);
  return nullptr;
}

Result<void> Launchpad::lend(Slot& slot, const std::string& owner) {
  slot.owner = owner;
  slot.idle_since_ns = monotonic_ns();
  if (slot.identity.number != 0) {
    // An earlier lease may have lent it, or this one, without our hearing of it.
    take_back(slot);
    const std::string worker = slot.identity.role();
    database::Parameters parameters;
    parameters.text(worker).text(owner).number(session_.lease);
    auto lent = session_.connection->run("select errand.lend($1::name, $2::name, $3)", parameters);
    if (!lent) return std::move(lent).error();
    slot.lent = true;
  }
  TRY_VOID(furnish(slot));
  slot.terms.connection.push_back(options_for(slot));
  (void)complaints_.end(lending_to(owner));
  spdlog::info("{} serves {}", slot.identity.user, owner);
  return starter_.start_agent(slot.identity);
}

/// Ends what runs, takes the role back, removes what is left: nothing of one submitter is there for the next.
/// In that order: what runs could connect again after its sessions were ended.
void Launchpad::retire(Slot& slot) {
  if (!session_.connection) return;
  if (slot.lent) {
    (void)starter_.end_processes(slot.identity);  // what is left makes wipe() fail
    take_back(slot);
  }
  empty(slot);
}

/// Nothing of it runs or is there any more; or it is of no use until that is so.
void Launchpad::empty(Slot& slot) {
  slot.lent = false;
  slot.watch.reset();
  slot.place.reset();
  (void)wipe(slot);
  std::erase_if(slot.terms.connection,
                [](const std::string& entry) { return entry.starts_with("PGOPTIONS="); });
  slot.owner.clear();
}

Result<void> Launchpad::wipe(Slot& slot) {
  auto wiped = starter_.wipe(slot.identity);
  slot.unclean = !wiped;
  if (wiped) {
    if (complaints_.end(slot.identity.user)) spdlog::info("{} is of use again", slot.identity.user);
    return {};
  }
  slot.unusable_until_ns = monotonic_ns() + wipe_again_ns;
  if (complaints_.is_due(slot.identity.user, wiped.error(), monotonic_ns()))
    spdlog::error("{} serves nobody for now: {}", slot.identity.user, words_of(wiped.error()));
  return wiped;
}

/// What an earlier launchpad left. Errors: no identity is of use.
Result<void> Launchpad::wipe_all() {
  Result<void> wiped;
  std::size_t usable = 0;
  for (Slot& slot : slots_) {
    auto one = wipe(slot);
    if (one) ++usable;
    if (!one) wiped = std::move(one);
  }
  return usable > 0 ? Result<void>() : wiped;
}

/// No notification tells that an identity may be used again.
void Launchpad::end_rests() {
  for (Slot& slot : slots_) {
    if (slot.unusable_until_ns == 0 || slot.unusable_until_ns > monotonic_ns()) continue;
    slot.unusable_until_ns = 0;
    if (slot.unclean) (void)wipe(slot);
    wanted_ = wanted_ || !slot.unclean;
  }
}

void Launchpad::take_back(Slot& slot) {
  slot.lent = false;
  if (slot.identity.number == 0 || !session_.connection) return;
  const std::string worker = slot.identity.role();
  auto taken = session_.connection->run("select errand.take_back($1::name, $2)",
                                        database::Parameters().text(worker).number(session_.lease));
  if (taken) return;
  spdlog::warn("cannot take {} back: {}", worker, words_of(taken.error()));
  slot.unusable_until_ns = monotonic_ns() + hold_ns;
}

/// Ends what runs, ships what it has recorded, and hands the jobs back.
void Launchpad::end() {
  spdlog::info("ends");
  for (Slot& slot : slots_) {
    if (slot.is_free()) continue;
    (void)starter_.end_processes(slot.identity);
    for (auto& [id, job] : slot.jobs) {
      if (job.abandoned || !session_.connection) continue;
      job.mirror->clear_tasks_in_hand();
      job.mirror->changed_all();
      job.settled = job.mirror->settled_here();
      auto shipped = job.settled ? job.mirror->settle(monotonic_ns())
                                 : Result<bool>(job.mirror->ship(monotonic_ns() + look_interval_ns).ok());
      if (!shipped) spdlog::warn("cannot carry {}: {}", id, words_of(shipped.error()));
    }
  }
  if (session_.connection) (void)let_go(session_);
  for (Slot& slot : slots_) {
    slot.jobs.clear();
    if (!slot.is_free()) retire(slot);
  }
}

}  // namespace errand::launchpad
