// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "database/target.h"
#include "errand/launchpad.h"
#include "launchpad/complaints.h"
#include "launchpad/lease.h"
#include "launchpad/place_sweeper.h"
#include "launchpad/slot.h"
#include "launchpad/sql_depot.h"
#include "launchpad/starter.h"

namespace errand::launchpad {

/// The launchpad: one thread, asleep in one poll until a notification, a file or the clock wakes it.
/// Everything it knows can be read again: the database has every job, and the scratch places are copies.
class Launchpad {
 public:
  Launchpad(database::Target target, Starter starter, std::vector<Slot> slots, std::string role);
  /// Serves until `stop` is set by a signal. Errors: the first session cannot be had; the starter is gone.
  Result<void> run(const volatile int& stop);

 private:
  // The session (launchpad.cc).
  Result<void> connect();
  Result<void> check_purpose();
  Result<void> connect_first(const volatile int& stop);
  void reconnect();
  void lose_session();
  void tell_of_no_session(const Error& error);
  void take_notifications();
  void rung(const std::string& id);

  // Waiting (launchpad.cc).
  [[nodiscard]] std::int64_t next_due() const;
  Result<void> wait();
  void take_changes(Slot& slot);

  // Jobs (launchpad_jobs.cc).
  void claim_all();
  void begin_scan();
  [[nodiscard]] bool claim_some(const SqlDepot::Wanted& wanted);
  HeldJob* find_held(const JobKey& job);
  void take_in(Slot& slot, const Arrival& arrival);
  void give_back(const JobKey& job);
  void refuse(const JobKey& job);
  void attend_all();
  void attend(Slot& slot);
  void attend(Slot& slot, HeldJob& job);
  static void watch(Slot& slot, HeldJob& job);
  Result<void> carry(Slot& slot, HeldJob& job);
  void heed(HeldJob& job, const Error& error);
  void tell_of(HeldJob& job, const Error& error);
  void say_whether_there_is_room(const std::string& id, HeldJob& job);
  void look_after(Slot& slot);

  // Identities (launchpad_slots.cc).
  Result<void> learn_connection();
  [[nodiscard]] std::string options_for(const Slot& slot) const;
  Result<void> look_for_workers();
  [[nodiscard]] std::size_t count_with_worker() const;
  Slot* slot_for(const std::string& owner);
  Result<void> lend(Slot& slot, const std::string& owner);
  void retire(Slot& slot);
  void empty(Slot& slot);
  Result<void> wipe(Slot& slot);
  Result<void> wipe_all();
  void end_rests();
  void take_back(Slot& slot);
  void end();

  const database::Target target_;
  Starter starter_;
  std::vector<Slot> slots_;
  const std::string role_;  ///< the one submitter of a launchpad without identities
  LeasedSession session_;
  SqlDepot depot_;
  bool wanted_ = true;             ///< there may be jobs to claim
  std::set<std::string> awaited_;  ///< ids that were rung and are not ours yet
  bool scan_ = true;               ///< and jobs of dead launchpads, and things that nobody has told us of
  bool connected_now_ = false;     ///< the first scan of this session is to come
  std::int64_t scanned_ns_ = 0;
  std::int64_t looked_ns_ = 0;
  std::int64_t reconnect_ns_ = 0;
  std::set<std::string> unreadable_;  ///< paths of jobs that this session does not claim again
  std::string task_options_;          ///< that every session of a task begins with, as PGOPTIONS has them
  Complaints complaints_;
  PlaceSweeper sweeper_;
  std::map<std::string, std::int64_t>
      refused_;  ///< roles that may not be lent, and until when that is believed
};

}  // namespace errand::launchpad
