// SPDX-License-Identifier: Apache-2.0
#include "client/last.h"

#include <unistd.h>

#include <algorithm>
#include <functional>
#include <optional>

#include "client/find_job.h"
#include "client/history.h"
#include "client/open_place.h"
#include "share/names.h"
#include "system/try.h"

namespace errand::client {
namespace {

/// The newest job of this user in one place: ids sort by time.
std::optional<JobRef> newest_in(const std::string& path) {
  if (is_absent(path)) return std::nullopt;
  auto place = open_place(path, false);
  auto ids = place ? (*place)->job_ids() : Result<std::vector<std::string>>(place.error());
  if (!ids) return std::nullopt;
  std::sort(ids->begin(), ids->end(), std::greater<>());
  for (const std::string& id : *ids) {
    auto info = (*place)->files().info(share::job_path(id));
    if (info && info->owner == geteuid()) return JobRef(id, (*place)->path());
  }
  return std::nullopt;
}

Error no_last_job(bool for_writing) {
  return {ErrorCode::not_found,
          for_writing ? "this session has submitted no job that last could mean" : "there is no last job",
          false, "name the job by its id; get_jobs (errand jobs) lists them", 0};
}

}  // namespace

Result<JobRef> last_job(const std::string& place, bool for_writing) {
  if (auto last = last_of_this_session()) return *last;
  if (for_writing) return no_last_job(true);
  std::optional<JobRef> newest;
  std::vector<std::string> places = place.empty() ? places_to_search() : std::vector<std::string>{place};
  for (const std::string& path : places) {
    auto found = newest_in(path);
    if (found && (!newest || found->id() > newest->id())) newest = std::move(found);
  }
  if (!newest) return no_last_job(false);
  return *std::move(newest);
}

}  // namespace errand::client

namespace errand {

Result<JobRef> last_pending_job() {
  auto last = client::last_of_this_session();
  if (!last) {
    return Error{ErrorCode::not_found, "this session has submitted no job", false,
                 "name the job by its id; get_jobs (errand jobs) lists them", 0};
  }
  return *last;
}

}  // namespace errand
