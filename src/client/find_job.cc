// SPDX-License-Identifier: Apache-2.0
#include "client/find_job.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <set>

#include "client/history.h"
#include "client/last.h"
#include "client/open_place.h"
#include "database/target.h"
#include "share/names.h"
#include "system/try.h"

namespace errand::client {
namespace {

constexpr std::size_t most_candidates_named = 8;

Error no_job_name(const std::string& text) {
  return {ErrorCode::invalid_argument, "\"" + without_secrets(text) + "\" can be no job's name", false,
          "name a job by its id, by 4 or more of its leading or trailing characters, or as last", 0};
}

/// A part of an id, compared as ids are: without case, with or without rxJob_.
class IdPart {
 public:
  explicit IdPart(std::string_view text) : lower_(text) {
    std::transform(lower_.begin(), lower_.end(), lower_.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    prefix_ = share::id_prefix;
    std::transform(prefix_.begin(), prefix_.end(), prefix_.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  }
  [[nodiscard]] bool matches(std::string_view id) const {
    std::string_view digits = id.substr(share::id_prefix.size());
    if (digits.starts_with(lower_) || digits.ends_with(lower_)) return true;
    return (prefix_ + std::string(digits)).starts_with(lower_);
  }

 private:
  std::string lower_;
  std::string prefix_;
};

/// Looks through places and collects what fits.
class Search {
 public:
  Search(std::string text, std::optional<std::string> whole)
      : text_(std::move(text)), whole_(std::move(whole)), part_(text_) {}

  /// `required`: that it cannot be read is an error if the job is nowhere else.
  void look_in(const std::string& path, bool required) {
    if (is_absent(path)) return;
    auto place = open_place(path, false);
    if (!place) return note_problem(place.error(), required);
    PlaceIdentity identity = identity_of(**place);
    if (std::find(seen_.begin(), seen_.end(), identity) != seen_.end()) return;
    seen_.push_back(identity);
    places_.push_back(*place);
    if (auto problem = whole_ ? look_for_whole(*place) : look_for_part(*place); !problem) {
      note_problem(problem.error(), required);
    }
  }

  Result<LocatedJob> outcome() const {
    if (hits_.size() == 1) return hits_.front();
    if (hits_.size() > 1) return several();
    if (problem_) return *problem_;
    if (!whole_) return none("no job's id begins or ends with \"" + text_ + "\"", ErrorCode::not_found);
    for (const auto& place : places_) {
      std::string deleted = deletion_of(*place, *whole_);
      if (!deleted.empty()) return none("job " + *whole_ + " is missing: " + deleted, ErrorCode::job_missing);
    }
    return none("there is no job " + *whole_ + " in any known place", ErrorCode::job_missing);
  }

 private:
  void note_problem(const Error& error, bool required) {
    if (required && !problem_) problem_ = error;
    if (!required) unreadable_.push_back(error.message);
  }

  Result<void> look_for_whole(const std::shared_ptr<share::Place>& place) {
    auto found = place->files().info(share::job_path(*whole_));
    if (found) hits_.push_back({place, *whole_});
    if (found || found.error().code == ErrorCode::not_found) return {};
    return std::move(found).error();
  }

  Result<void> look_for_part(const std::shared_ptr<share::Place>& place) {
    TRY(std::vector<std::string> ids, place->job_ids());
    std::sort(ids.begin(), ids.end());
    for (std::string& id : ids) {
      if (part_.matches(id)) hits_.push_back({place, std::move(id)});
    }
    return {};
  }

  [[nodiscard]] Error several() const {
    std::string list;
    for (std::size_t i = 0; i < hits_.size() && i < most_candidates_named; ++i) {
      list += (i == 0 ? "" : ", ") + hits_[i].id + " in " + hits_[i].place->path();
    }
    if (hits_.size() > most_candidates_named) {
      list += " and " + std::to_string(hits_.size() - most_candidates_named) + " more";
    }
    return {ErrorCode::ambiguous, "\"" + text_ + "\" means several jobs: " + list, false,
            whole_ ? "name the place as well" : "give more characters of the id", 0};
  }

  [[nodiscard]] Error none(std::string message, ErrorCode code) const {
    std::string hint = "list the jobs there are with get_jobs (errand jobs)";
    if (!unreadable_.empty()) {
      hint = std::to_string(unreadable_.size()) + " known places could not be read: " + unreadable_.front();
    }
    return {code, std::move(message), false, std::move(hint), 0};
  }

  std::string text_;
  std::optional<std::string> whole_;
  IdPart part_;
  std::vector<PlaceIdentity> seen_;
  std::vector<std::shared_ptr<share::Place>> places_;
  std::vector<LocatedJob> hits_;
  std::optional<Error> problem_;
  std::vector<std::string> unreadable_;
};

std::string active_place() {
  return resolve_share_dir(get_compute_context());
}

std::string age_words(std::int64_t age_ns) {
  struct Unit {
    std::int64_t seconds;
    const char* name;
  };
  std::int64_t seconds = std::max<std::int64_t>(0, age_ns / 1'000'000'000);
  for (const Unit unit : {Unit{86400, "day"}, Unit{3600, "hour"}, Unit{60, "minute"}}) {
    std::int64_t count = seconds / unit.seconds;
    if (count > 0) return std::to_string(count) + " " + unit.name + (count == 1 ? " ago" : "s ago");
  }
  return "just now";
}

}  // namespace

std::vector<std::string> places_to_search() {
  std::vector<std::string> places{active_place()};
  // A configuration that cannot be read must not hide jobs whose place is known otherwise.
  if (auto named = list_compute_contexts()) {
    for (const NamedContext& context : *named) places.push_back(resolve_share_dir(context.context));
  }
  auto known = known_places();
  if (known) places.insert(places.end(), known->begin(), known->end());
  std::set<std::string> seen;
  std::erase_if(places, [&](const std::string& place) { return !seen.insert(place).second; });
  return places;
}

Result<LocatedJob> locate(const JobRef& named, bool for_writing) {
  if (named.id() == "last") {
    TRY(JobRef last, last_job(named.place(), for_writing));
    return locate(last, for_writing);
  }
  auto whole = share::parse_job_id(named.id());
  if (!whole && !share::is_id_part(named.id())) return no_job_name(named.id());
  if (whole && !named.place().empty()) {
    TRY(std::shared_ptr<share::Place> place, open_place(named.place(), false));
    return LocatedJob{std::move(place), *std::move(whole)};
  }
  Search search(named.id(), whole);
  if (!named.place().empty()) {
    TRY(std::shared_ptr<share::Place> place, open_place(named.place(), false));
    search.look_in(named.place(), true);
  } else {
    const std::string active = active_place();
    for (const std::string& path : places_to_search()) search.look_in(path, path == active);
  }
  return search.outcome();
}

Result<std::unique_ptr<share::JobDirectory>> open_job(const JobRef& named, bool for_writing) {
  TRY(LocatedJob job, locate(named, for_writing));
  auto opened = share::JobDirectory::open(job.place, job.id);
  if (!opened && opened.error().code == ErrorCode::job_missing) return job_missing(*job.place, job.id);
  return opened;
}

std::string deletion_of(const share::Place& place, const std::string& id) {
  auto tombstone = place.find_tombstone(id);
  if (!tombstone) return {};
  std::string words = "deleted " + age_words(place.clock().now_ns() - tombstone->time_ns);
  return tombstone->why.empty() ? words : words + ": " + tombstone->why;
}

Error job_missing(const share::Place& place, const std::string& id) {
  std::string deleted = deletion_of(place, id);
  std::string message = deleted.empty() ? "there is no job " + id + " in " + place.path()
                                        : "job " + id + " is missing: " + deleted;
  return {ErrorCode::job_missing, std::move(message), false, "", 0};
}

Result<share::TaskSource*> content_of(share::JobDirectory& job) {
  auto tasks = job.tasks();
  if (tasks || tasks.error().code != ErrorCode::job_missing) return tasks;
  if (!job.refresh()) return job_missing(job.place(), job.id());
  auto verdict = job.verdict();
  if (!verdict || !verdict->canceled) return tasks;
  return Error{ErrorCode::job_canceled,
               "job " + job.id() + " was canceled: its results and output are removed", false,
               "submit it again", 0};
}

}  // namespace errand::client

namespace errand {

JobRef::JobRef(std::string id, std::string place) : id_(std::move(id)), place_(std::move(place)) {
  if (database::is_database_place(place_)) place_ = database::place_name(place_);
}

Result<JobRef> find_job(const JobRef& named, bool for_writing) {
  TRY(client::LocatedJob job, client::locate(named, for_writing));
  auto there = job.place->files().info(share::job_path(job.id));
  if (!there && there.error().code == ErrorCode::not_found) {
    Error missing = client::job_missing(*job.place, job.id);
    missing.code = ErrorCode::not_found;
    return missing;
  }
  if (!there) return std::move(there).error();
  return job.ref();
}

}  // namespace errand
