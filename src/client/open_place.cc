// SPDX-License-Identifier: Apache-2.0
#include "client/open_place.h"

#include <cerrno>
#include <map>
#include <mutex>
#include <vector>

#include "client/history.h"
#include "database/database_files.h"
#include "database/target.h"
#include "errand/compute_context.h"
#include "share/names.h"
#include "system/try.h"

namespace errand::client {
namespace {

constexpr std::size_t most_spare_watches = 4;

std::string marker_of(const std::string& path) {
  return path + "/" + std::string(share::marker_name);
}

/// Places of this process by the path they were asked for.
class OpenedPlaces {
 public:
  std::shared_ptr<share::Place> find(const std::string& path) {
    auto now = system::outside_file_info(marker_of(path));
    const std::lock_guard lock(mutex_);
    auto known = places_.find(path);
    if (known == places_.end()) return nullptr;
    if (now && PlaceIdentity{now->device, now->inode} == known->second.identity) return known->second.place;
    places_.erase(known);
    return nullptr;
  }

  void keep(const std::string& path, std::shared_ptr<share::Place> place) {
    PlaceIdentity identity = identity_of(*place);
    const std::lock_guard lock(mutex_);
    places_[path] = {std::move(place), identity};
  }

 private:
  struct Opened {
    std::shared_ptr<share::Place> place;
    PlaceIdentity identity;
  };
  std::mutex mutex_;
  std::map<std::string, Opened> places_;
};

/// Places in databases, by name. The session of one finds out by itself that its server was restarted.
class OpenedDatabases {
 public:
  /// `text`: any connection string; the place goes by its name, which has no password.
  Result<std::shared_ptr<share::Place>> open(const std::string& text) {
    TRY(const database::Target said, database::parse_connection_string(text));
    const std::string name = said.place();
    if (name != text) database::remember_target(said);
    const std::lock_guard lock(mutex_);
    auto known = places_.find(name);
    // A name alone: another process may have said how to get there.
    if (known == places_.end() && !database::is_remembered(said)) (void)known_places();
    TRY(const database::Target target, database::target_of(name));
    if (known != places_.end() && known->second.sslmode == target.sslmode()) return known->second.place;
    TRY(auto files, database::DatabaseFiles::open(target));
    TRY(auto place, share::Place::open(std::move(files), name, false, system::system_clock()));
    places_[name] = {place, target.sslmode()};
    return place;
  }

 private:
  struct Opened {
    std::shared_ptr<share::Place> place;
    std::string sslmode;  ///< a session of a weaker one serves nobody who asks for more
  };
  std::mutex mutex_;
  std::map<std::string, Opened> places_;
};

/// Watches nobody needs at the moment, by the place they belong to.
class SpareWatches {
 public:
  std::unique_ptr<system::Watch> take(const share::Place* place, const std::string& place_id) {
    const std::lock_guard lock(mutex_);
    auto& spare = spare_[{place, place_id}];
    if (spare.empty()) return nullptr;
    auto watch = std::move(spare.back());
    spare.pop_back();
    return watch;
  }

  void give_back(const share::Place* place, const std::string& place_id,
                 std::unique_ptr<system::Watch> watch) {
    const std::lock_guard lock(mutex_);
    auto& spare = spare_[{place, place_id}];
    if (spare.size() < most_spare_watches) spare.push_back(std::move(watch));
  }

 private:
  std::mutex mutex_;
  std::map<std::pair<const share::Place*, std::string>, std::vector<std::unique_ptr<system::Watch>>> spare_;
};

// Never destroyed: a thread that still waits at exit may give a watch back.
OpenedPlaces& opened_places() {
  static auto* places = new OpenedPlaces;
  return *places;
}
OpenedDatabases& opened_databases() {
  static auto* databases = new OpenedDatabases;
  return *databases;
}
SpareWatches& spare_watches() {
  static auto* watches = new SpareWatches;
  return *watches;
}

}  // namespace

Result<std::shared_ptr<share::Place>> open_place(const std::string& path, bool create) {
  std::shared_ptr<share::Place> place;
  if (database::is_database_place(path)) {
    TRY(place, opened_databases().open(path));
  } else {
    place = opened_places().find(path);
  }
  if (!place) {
    TRY(place, share::Place::open(path, create));
    opened_places().keep(path, place);
  }
  // Whom to trust is the reader's decision, never the job's.
  place->trust(get_compute_context().trusted_owners);
  return place;
}

bool is_absent(const std::string& path) {
  if (database::is_database_place(path)) return false;
  auto has = [&path](std::string_view name) {
    auto info = system::outside_file_info(path + "/" + std::string(name));
    return info || info.error().code != ErrorCode::not_found;
  };
  return !has(share::marker_name) && !has(share::jobs_directory);
}

PlaceIdentity identity_of(share::Place& place) {
  auto info = place.files().info(std::string(share::marker_name));
  if (!info) return {};
  return {info->device, info->inode};
}

Result<DirectoryWatch> DirectoryWatch::open(share::Place& place, std::string directory) {
  auto watch = spare_watches().take(&place, place.id());
  if (!watch) {
    TRY(watch, place.files().watch());
  }
  TRY_VOID(watch->add(directory));
  return DirectoryWatch(&place, std::move(directory), std::move(watch));
}

DirectoryWatch::~DirectoryWatch() {
  if (!watch_) return;
  watch_->remove(directory_);
  spare_watches().give_back(place_, place_->id(), std::move(watch_));
}

}  // namespace errand::client
