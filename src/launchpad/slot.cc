// SPDX-License-Identifier: Apache-2.0
#include "launchpad/slot.h"

#include <sys/stat.h>
#include <unistd.h>

#include "engine/local/world.h"
#include "share/names.h"
#include "system/clock.h"
#include "system/try.h"

namespace errand::launchpad {
namespace {

/// Modes for a folder that a launchpad shares with an identity, by the identity's group.
constexpr mode_t readable = 0750;
constexpr mode_t writable = 0770;

Result<void> make_folder(const Slot& slot, const std::string& path, mode_t mode) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return system::os_error(errno, "cannot make", path, true);
  }
  if (slot.identity.number == 0) return {};
  if (chown(path.c_str(), static_cast<uid_t>(-1), slot.identity.gid) == 0 && chmod(path.c_str(), mode) == 0)
    return {};
  return system::os_error(errno, "cannot share", path, true);
}

/// The agent takes marks away and writes into job directories; nothing else is its to change.
Result<void> share_layout(const Slot& slot) {
  TRY_VOID(make_folder(slot, slot.place->files().absolute(std::string(share::active_directory)), writable));
  for (std::string_view name :
       {share::jobs_directory, share::staging_directory, share::trash_directory, share::programs_directory}) {
    TRY_VOID(make_folder(slot, slot.place->files().absolute(std::string(name)), readable));
  }
  return {};
}

}  // namespace

Result<void> furnish(Slot& slot) {
  TRY_VOID(make_folder(slot, slot.identity.folder, readable));
  TRY_VOID(make_folder(slot, slot.identity.home(), writable));
  TRY_VOID(make_folder(slot, slot.identity.temporary(), writable));
  TRY_VOID(make_folder(slot, slot.identity.place(), readable));
  TRY(auto files, system::open_directory(slot.identity.place()));
  files->become_scratch();
  TRY(slot.place, share::Place::open(files, slot.identity.place(), true, system::system_clock()));
  slot.place->become_scratch(geteuid());
  if (slot.identity.number != 0) TRY_VOID(share_layout(slot));
  TRY(slot.watch, files->watch());
  return slot.watch->add(std::string(share::active_directory));
}

}  // namespace errand::launchpad
