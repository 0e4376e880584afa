// SPDX-License-Identifier: Apache-2.0
#include "launchpad/mirror.h"

#include <algorithm>

#include "share/job_directory.h"
#include "system/clock.h"
#include "system/try.h"

namespace errand::launchpad {
namespace {

using Kind = share::JobFileName::Kind;
constexpr std::uint64_t request_limit = std::uint64_t{64} << 20;
constexpr std::uint64_t append_step = std::uint64_t{4} << 20;

}  // namespace

Result<std::unique_ptr<Mirror>> Mirror::arrive(Depot& depot, std::shared_ptr<share::Place> scratch,
                                               const HostTerms& terms, const Arrival& arrival) {
  std::unique_ptr<Mirror> mirror(new Mirror(depot, std::move(scratch), terms, arrival.job));
  mirror->version_ = arrival.version;
  TRY(mirror->landed_, materialize(depot, *mirror->place_, terms, arrival));
  return mirror;
}

/// Written by the agent and the workers that run the job here; not what came from the database.
bool Mirror::is_ours(const share::JobFileName& name) const {
  switch (name.kind) {
    case Kind::claim:
    case Kind::log:
    case Kind::values:
    case Kind::console:
    case Kind::progress:
      return name.generation > landed_.generation || name.chunk != 0;
    case Kind::verdict:
    case Kind::seal:
      return true;
    default:
      return false;
  }
}

void Mirror::changed(std::string_view text) {
  auto name = share::parse_job_file_name(text);
  if (!name || !is_ours(*name)) return;
  if (name->kind == Kind::log && !urgent_) {
    auto info = place_->files().info(job_file(job_.id, std::string(text)));
    auto known = shipped_.find(std::string(text));
    urgent_ = info && info->size > (known == shipped_.end() ? 0 : known->second);
  }
  urgent_ = urgent_ || name->kind == Kind::verdict || name->kind == Kind::seal;
  changed_.emplace(text);
}

bool Mirror::settled_here() const {
  auto mark = place_->files().info(share::active_path(job_.id));
  return !mark && mark.error().code == ErrorCode::not_found;
}

Result<bool> Mirror::settle(std::int64_t now_ns) {
  progress_ns_ = 0;
  changed_all();
  released_ = false;
  TRY_VOID(ship_changes(now_ns, true));
  return released_ ? Result<bool>(true) : depot_.release(job_, version_);
}

/// The bytes behind what the scratch directory has of the job file.
Result<void> Mirror::append_tasks(std::uint64_t size) {
  TRY(auto file, place_->files().open_append(job_file(job_.id, "job")));
  while (landed_.job_size < size) {
    TRY(std::string bytes, depot_.read(job_.owner, path(), "job", landed_.job_size, append_step));
    if (bytes.empty()) break;
    TRY_VOID(file->append(bytes_of(bytes)));
    landed_.job_size += bytes.size();
  }
  return {};
}

Result<void> Mirror::fetch() {
  TRY(auto listing, depot_.look(job_));
  if (!listing) {
    return Error{ErrorCode::job_missing, "the job " + job_.id + " is not ours any more", false, "", 0};
  }
  for (;;) {
    const std::string name = share::request_name(landed_.requests + 1);
    if (!listing->sizes.contains(name)) break;
    TRY(std::string bytes, depot_.read(job_.owner, path(), name, 0, request_limit));
    auto written = place_->files().publish(job_file(job_.id, name), bytes, false, false);
    if (!written && written.error().code != ErrorCode::exists) return written;
    ++landed_.requests;
  }
  auto job = listing->sizes.find("job");
  if (job != listing->sizes.end() && job->second > landed_.job_size) TRY_VOID(append_tasks(job->second));
  TRY_VOID(place_->ring(job_.id));
  version_ = listing->version;  // after the ring: what was asked by then the agent will see
  return {};
}

Result<void> Mirror::resync() {
  TRY(auto listing, depot_.look(job_));
  if (!listing) {
    return Error{ErrorCode::job_missing, "the job " + job_.id + " is not ours any more", false, "", 0};
  }
  shipped_.clear();
  whole_.clear();
  for (const auto& [file, size] : listing->sizes) {
    auto name = share::parse_job_file_name(file);
    if (name && is_ours(*name)) shipped_[file] = size;
  }
  changed_all();
  in_doubt_ = false;
  return {};
}

void Mirror::abandon() {
  auto directory = share::JobDirectory::open(place_, job_.id);
  if (!directory) return;
  share::Request request;
  request.kind = share::Request::Kind::cancel;
  request.time_ns = place_->clock().now_ns();
  request.user = terms_.user;
  (void)(*directory)->add_request(request);
  (void)place_->ring(job_.id);
}

void Mirror::remove_here() {
  (void)place_->remove_job(job_.id, "it has left this host");
}

}  // namespace errand::launchpad
