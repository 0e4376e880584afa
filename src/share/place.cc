// SPDX-License-Identifier: Apache-2.0
#include "share/place.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>
#include <string_view>

#include "share/names.h"
#include "system/try.h"

namespace errand::share {
namespace {

constexpr unsigned format_major = 1;
constexpr unsigned format_minor = 0;
constexpr std::int64_t tombstone_lifetime_ns = 7 * 24 * 3600 * 1'000'000'000LL;
constexpr std::int64_t staging_patience_ns = 3600 * 1'000'000'000LL;
constexpr std::uint64_t small_file = 4096;
constexpr std::uint64_t tombstones_limit = std::uint64_t{256} << 20;

std::string in(std::string_view directory, std::string_view name) {
  return std::string(directory) + "/" + std::string(name);
}

Error unreadable(const std::string& path, const std::string& why, const std::string& hint) {
  return {ErrorCode::place_unreadable, "the share directory " + path + " " + why, false, hint, 0};
}

struct TombstoneLine {
  std::string_view id;
  Place::Tombstone tombstone;
};

/// "<id> <UTC nanoseconds> <why>"
std::optional<TombstoneLine> parse_tombstone(std::string_view line) {
  std::size_t first = line.find(' ');
  std::size_t second = line.find(' ', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return std::nullopt;
  TombstoneLine parsed{line.substr(0, first), {}};
  std::string_view number = line.substr(first + 1, second - first - 1);
  auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), parsed.tombstone.time_ns);
  if (error != std::errc() || end != number.data() + number.size()) return std::nullopt;
  parsed.tombstone.why = line.substr(second + 1);
  return parsed;
}

template <class Visit>
void for_each_line(std::string_view text, Visit visit) {
  while (!text.empty()) {
    std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return;  // a line being written
    visit(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
}

/// A file system may have odd words for "not here": /proc says that there is no such file.
Error unwritable(Error error) {
  if (error.code != ErrorCode::no_space) error.code = ErrorCode::place_unwritable;
  if (error.hint.empty()) error.hint = "choose another share directory with --share-dir or ERRAND_SHARE_DIR";
  return error;
}

}  // namespace

Result<std::shared_ptr<Place>> Place::open(const std::string& path, bool create) {
  if (create) TRY_VOID(system::make_directories(path));
  auto files = system::open_directory(path);
  if (!files) {
    return unreadable(path, "cannot be opened: " + files.error().message,
                      "submit a job to create it, or name another with --share-dir or ERRAND_SHARE_DIR");
  }
  std::string absolute = (*files)->absolute("");
  while (absolute.size() > 1 && absolute.back() == '/') absolute.pop_back();
  return open(*std::move(files), absolute, create, system::system_clock());
}

Result<std::shared_ptr<Place>> Place::open(std::shared_ptr<system::Files> files, std::string path,
                                           bool create, const system::Clock& clock) {
  std::shared_ptr<Place> place(new Place(std::move(files), std::move(path), clock));
  Result<void> marker = place->read_marker();
  if (!marker && create && marker.error().code == ErrorCode::not_found) {
    TRY_VOID(place->create_layout());
    marker = place->read_marker();
  }
  if (!marker) {
    if (marker.error().code != ErrorCode::not_found) return marker.error();
    return unreadable(place->path_, "has no marker file errand-share: it is no share directory",
                      "submit a job to create one there, or name another with --share-dir");
  }
  return place;
}

Result<void> Place::create_layout() {
  for (std::string_view directory : {jobs_directory, active_directory, staging_directory, trash_directory,
                                     programs_directory, programs_by_stat_directory, agents_directory}) {
    Result<void> made = files_->make_directory(std::string(directory));
    if (!made && made.error().code != ErrorCode::exists) return unwritable(std::move(made).error());
  }
  std::string id = make_job_id(clock_.now_ns()).substr(id_prefix.size());
  std::string marker =
      "errand-share " + std::to_string(format_major) + "." + std::to_string(format_minor) + " " + id + "\n";
  Result<void> published = files_->publish(std::string(marker_name), marker, true, false);
  if (!published && published.error().code != ErrorCode::exists)
    return unwritable(std::move(published).error());
  return files_->sync_directory("");
}

Result<void> Place::read_marker() {
  TRY(std::string text, files_->read_all(std::string(marker_name), small_file));
  unsigned major = 0;
  unsigned minor = 0;
  char id[64] = {};
  if (std::sscanf(text.c_str(), "errand-share %u.%u %63s", &major, &minor, id) != 3) {
    return unreadable(path_, "has a marker file that cannot be read", "");
  }
  if (major > format_major) {
    return Error{ErrorCode::version_mismatch,
                 "the share directory " + path_ + " has format " + std::to_string(major) +
                     "; this errand reads up to format " + std::to_string(format_major),
                 false, "use a newer errand", 0};
  }
  id_ = id;
  return {};
}

void Place::trust(std::vector<std::string> owners) {
  const std::lock_guard lock(trusted_mutex_);
  trusted_ = std::move(owners);
}

std::vector<std::string> Place::trusted() const {
  const std::lock_guard lock(trusted_mutex_);
  return trusted_;
}

void Place::become_scratch(std::uint32_t launchpad) {
  trust({std::to_string(launchpad)});
  files_->become_scratch();
}

void Place::heed_launchpad() {
  const char* text = std::getenv(std::string(launchpad_variable).c_str());
  std::uint32_t launchpad = 0;
  if (text == nullptr) return;
  auto [end, error] = std::from_chars(text, text + std::strlen(text), launchpad);
  if (error == std::errc() && *end == '\0') become_scratch(launchpad);
}

Result<std::vector<std::string>> Place::job_ids() const {
  TRY(std::vector<std::string> names, files_->list(std::string(jobs_directory)));
  std::erase_if(names, [](const std::string& name) { return parse_job_id(name) != name; });
  return names;
}

Result<std::vector<std::string>> Place::active_ids() const {
  TRY(std::vector<std::string> names, files_->list(std::string(active_directory)));
  std::erase_if(names, [](const std::string& name) { return parse_job_id(name) != name; });
  return names;
}

Result<void> Place::ring(const std::string& id) const {
  TRY(auto bell, files_->open_append(active_path(id)));
  std::byte one{'.'};
  return bell->append({&one, 1});
}

void Place::clear_active(const std::string& id) const {
  (void)files_->remove(active_path(id));
}

void Place::clear_marks(const std::vector<std::string>& ids) const {
  if (ids.size() == 1) return clear_active(ids.front());
  auto active = ids.empty() ? Result<std::vector<std::string>>(ids) : active_ids();
  if (!active) return;
  const std::set<std::string_view> cleared(ids.begin(), ids.end());
  for (const std::string& id : *active) {
    if (cleared.contains(id)) clear_active(id);
  }
}

std::vector<Result<std::string>> Place::discard_jobs(const std::vector<std::string>& ids,
                                                     std::string_view why) const {
  const std::string ending = "." + make_job_id(clock_.now_ns()).substr(20);
  std::vector<std::pair<std::string, std::string>> names;
  for (const std::string& id : ids) names.emplace_back(job_path(id), in(trash_directory, id + ending));
  // Tombstones only serve better messages; a full disk must not keep jobs from being removed.
  const std::string words = " " + std::to_string(clock_.now_ns()) + " " + std::string(why) + "\n";
  auto moved = files_->rename_each(names, {std::string(tombstones_name), words});
  std::vector<Result<std::string>> discarded;
  std::vector<std::string> gone;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (moved[i]) {
      discarded.emplace_back(std::move(names[i].second));
      gone.push_back(ids[i]);
    } else if (moved[i].error().code != ErrorCode::not_found) {
      discarded.emplace_back(std::move(moved[i]).error());
    } else {
      discarded.emplace_back(
          Error{ErrorCode::job_missing, "there is no job " + ids[i] + " in " + path_, false, "", 0});
    }
  }
  clear_marks(gone);
  return discarded;
}

Result<std::string> Place::discard_job(const std::string& id, std::string_view why) const {
  return std::move(discard_jobs({id}, why).front());
}

std::vector<Result<void>> Place::remove_jobs(const std::vector<std::string>& ids, std::string_view why,
                                             const std::function<void(std::string_view)>& removed) const {
  std::vector<Result<void>> outcomes;
  auto discarded = discard_jobs(ids, why);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (!discarded[i]) {
      outcomes.emplace_back(std::move(discarded[i]).error());
      continue;
    }
    if (removed) removed(files_->absolute(job_path(ids[i])));
    (void)files_->remove_tree(*discarded[i]);  // what stays is swept later; nothing shows it
    outcomes.emplace_back();
  }
  return outcomes;
}

Result<void> Place::remove_job(const std::string& id, std::string_view why,
                               const std::function<void(std::string_view)>& removed) const {
  return std::move(remove_jobs({id}, why, removed).front());
}

void Place::empty_trash() const {
  auto names = files_->list(std::string(trash_directory));
  if (!names) return;
  for (const std::string& name : *names) (void)files_->remove_tree(in(trash_directory, name));
}

std::optional<Place::Tombstone> Place::find_tombstone(const std::string& id) const {
  auto text = files_->read_all(std::string(tombstones_name), tombstones_limit);
  std::optional<Tombstone> found;
  if (!text) return found;
  for_each_line(*text, [&](std::string_view line) {
    auto parsed = parse_tombstone(line);
    bool alive = parsed && clock_.now_ns() - parsed->tombstone.time_ns < tombstone_lifetime_ns;
    if (alive && parsed->id == id) found = parsed->tombstone;
  });
  return found;
}

void Place::sweep() const {
  empty_trash();
  auto is_old = [this](const std::string& path) {
    auto info = files_->info(path);
    return info && file_time_ns() - info->modified_ns > staging_patience_ns;
  };
  if (auto names = files_->list(std::string(staging_directory))) {
    for (const std::string& name : *names) {
      if (is_old(in(staging_directory, name))) (void)files_->remove_tree(in(staging_directory, name));
    }
  }
  // A submitter that died before it published left its mark behind.
  if (auto ids = active_ids()) {
    for (const std::string& id : *ids) {
      auto job = files_->info(job_path(id));
      bool absent = !job && job.error().code == ErrorCode::not_found;
      if (absent && is_old(active_path(id))) clear_active(id);
    }
  }
  auto text = files_->read_all(std::string(tombstones_name), tombstones_limit);
  if (!text) return;
  std::string kept;
  for_each_line(*text, [&](std::string_view line) {
    auto parsed = parse_tombstone(line);
    if (parsed && clock_.now_ns() - parsed->tombstone.time_ns < tombstone_lifetime_ns) {
      kept.append(line).push_back('\n');
    }
  });
  // A line appended meanwhile is lost: then a message says "missing" instead of "deleted".
  if (kept.size() != text->size()) (void)files_->publish(std::string(tombstones_name), kept, false, true);
}

}  // namespace errand::share
