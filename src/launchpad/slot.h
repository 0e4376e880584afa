// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "launchpad/mirror.h"
#include "launchpad/starter.h"
#include "share/place.h"
#include "system/files.h"

namespace errand::launchpad {

/// A job in the launchpad's hands.
struct HeldJob {
  std::unique_ptr<Mirror> mirror;
  bool rung = false;        ///< somebody has said that there is something new in the database
  bool settled = false;     ///< its agent has let go of it
  bool abandoned = false;   ///< it is nobody's any more in the database; its agent is told to end it
  std::int64_t due_ns = 0;  ///< what waits in the scratch directory is shipped by then; 0: nothing waits
  std::int64_t unwatched_until_ns =
      0;                           ///< so long its end alone wakes us; 0: whatever its workers write, too
  std::int64_t hold_until_ns = 0;  ///< after a failure that may pass
  bool finds_no_room = false;      ///< in the database, for what it has made
  bool has_said_no_room = false;   ///< to clients, in this session
};

/// One identity and what it does: whom it serves, its scratch place, its jobs.
struct Slot {
  Identity identity;
  HostTerms terms;
  std::string owner;  ///< the submitter it serves; empty: nobody's
  bool lent = false;  ///< in the database
  std::shared_ptr<share::Place> place;
  std::unique_ptr<system::Watch> watch;
  std::map<std::string, HeldJob> jobs;  ///< by id
  std::int64_t idle_since_ns = 0;
  std::int64_t unusable_until_ns = 0;  ///< it rests after a failure; 0: it does not
  bool has_worker = true;              ///< its role is in the database; without it nobody can be served
  bool unclean = false;  ///< something of its last submitter may live or lie there still: it is nobody's

  [[nodiscard]] bool is_free() const { return owner.empty(); }
  [[nodiscard]] bool is_usable(std::int64_t now_ns) const {
    return has_worker && !unclean && unusable_until_ns <= now_ns;
  }
  [[nodiscard]] bool is_idle() const { return jobs.empty(); }
};

/// Makes the identity's folder, with an empty scratch place: what the launchpad writes there the identity can
/// read and not change; what tasks write the launchpad can read. Errors: place_unwritable, no_space.
[[nodiscard]] Result<void> furnish(Slot& slot);

}  // namespace errand::launchpad
