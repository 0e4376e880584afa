// SPDX-License-Identifier: Apache-2.0
#include "engine/database/database_engine.h"

#include <map>
#include <set>

#include "database/database_files.h"
#include "database/statements.h"
#include "share/names.h"
#include "share/sealing.h"
#include "system/try.h"

namespace errand::engine::database {
namespace {

using errand::database::DatabaseFiles;
using errand::database::Parameters;
using errand::database::Rows;

/// Of these directories: whether they are marked active, claimed, and by a launchpad that is alive, and
/// whether one that is at work has said of a claimed one that what it would store finds no room, of another
/// that it cannot read the job. The locks are looked at once, not once for every directory.
constexpr std::string_view ask_about =
    "with asked as materialized (select path, active, lease from errand.directory "
    "where owner = $1::name and path = any($2)), "
    "held as materialized (select distinct lease from asked where lease is not null), "
    "alive as materialized (select lease from held where errand.lease_is_alive(lease)) "
    "select path, active, lease is not null, coalesce(lease in (select lease from alive), false), "
    "((case when lease is null then 25974 else 25973 end)::oid, hashtext(path)::oid) in "
    "(select l.classid, l.objid from pg_locks l join pg_stat_activity a using (pid) "
    "where l.locktype = 'advisory' and l.granted and l.classid in (25973, 25974) and l.objsubid = 2 "
    "and l.database = (select oid from pg_database where datname = current_database()) "
    "and a.usename = 'errand_launchpad') "
    "from asked";
struct Claim {
  bool active = false;
  bool claimed = false;
  bool alive = false;
  bool stuck = false;  ///< what is stored finds no room; of one that nobody has claimed: it cannot be read
};

struct Answer {
  std::map<std::string, Claim> claims;  ///< by directory
  std::string obstacle;                 ///< why no launchpad runs these jobs; empty: one does, or will
};

constexpr const char* none_at_work = "no launchpad is at work on the database's host (errand launchpad)";

constexpr const char* no_room =
    "there is no room in the database for what tasks have made; the launchpad tries again and again";

/// It may have lost its session alone, and run the tasks on.
constexpr const char* holder_away =
    "the launchpad that has the job is not connected: it ends the job when it is again, or the next one does";

constexpr const char* cannot_be_read =
    "no launchpad can read this job: it is damaged, or was written by a newer errand (the launchpad's log "
    "says which)";

/// What keeps every launchpad from this submitter's jobs; empty: nothing does.
Result<std::string> look_for_obstacle(DatabaseFiles& files) {
  TRY(Rows live, files.session().run(errand::database::statements::live_launchpads, {}));
  if (live.number(0, 0) == 0) return std::string(none_at_work);
  if (live.number(0, 2) > 0) return std::string();
  if (live.number(0, 1) == 0) {
    return "no launchpad serves " + files.owner() +
           ": what is at work on the database's host serves another submitter alone";
  }
  auto refused = files.session().run(errand::database::statements::why_not_lent, {});
  if (!refused || refused->text(0, 0).empty()) return std::string();  // an older schema cannot tell
  return "the launchpad may not act as " + files.owner() + ": " + std::string(refused->text(0, 0));
}

Result<Answer> ask(DatabaseFiles& files, const std::vector<std::string>& directories) {
  Answer answer;
  Parameters parameters;
  parameters.text(files.owner()).texts(directories);
  TRY(Rows rows, files.session().run(ask_about, parameters));
  bool one_serves_us = false;
  for (std::size_t row = 0; row < rows.count(); ++row) {
    Claim& claim = answer.claims[std::string(rows.text(row, 0))];
    claim = {rows.truth(row, 1), rows.truth(row, 2), rows.truth(row, 3), rows.truth(row, 4)};
    one_serves_us = one_serves_us || claim.alive;
  }
  if (one_serves_us) return answer;
  TRY(answer.obstacle, look_for_obstacle(files));
  return answer;
}

DatabaseFiles* tables_of(const share::Place& place) {
  return dynamic_cast<DatabaseFiles*>(&place.files());
}

Error no_database(const std::string& place) {
  return {ErrorCode::invalid_argument,
          "the place " + place + " is in no database, so nothing can run its jobs there", false,
          "give the context a connection: share_dir = \"postgresql://user@host/database\"", 0};
}

class DatabaseEngine final : public Engine {
 public:
  [[nodiscard]] const Capabilities& capabilities() const override { return capabilities_; }

  Result<void> prepare(share::Place& place, const ComputeContext&) override {
    return tables_of(place) == nullptr ? Result<void>(no_database(place.path())) : Result<void>();
  }

  Result<SubmissionPreview> preview(const std::string& share_dir, const share::Manifest& manifest,
                                    std::uint64_t tasks) override {
    const int cores = manifest.context.sequential ? 1 : manifest.context.cores;
    SubmissionPreview preview;
    preview.summary = "The launchpad of " + share_dir + " would run " + std::to_string(tasks) +
                      (tasks == 1 ? " task on the database's host" : " tasks on the database's host") +
                      (cores > 0 ? ", " + std::to_string(cores) + " at a time." : ".");
    return preview;
  }

  /// The launchpad has been told: of a fresh job when it was published, of a retried one when it was rung.
  Result<void> submit(share::Place& place, const std::string&) override {
    return tables_of(place) == nullptr ? Result<void>(no_database(place.path())) : Result<void>();
  }

  std::vector<status::EngineReport> query(share::Place& place,
                                          std::span<share::JobDirectory* const> jobs) override;

  /// Removed rows leave nothing to unlink.
  bool empty_trash(share::Place&) override { return true; }

  Result<std::string> attend(share::Place& place, share::JobDirectory& job) override;

 private:
  static status::EngineReport report(share::JobDirectory& job, const Claim& claim,
                                     const std::string& obstacle);
  static bool take_up(share::JobDirectory& job);
  Capabilities capabilities_{.runs_on_submit_host = false};
};

status::EngineReport DatabaseEngine::report(share::JobDirectory& job, const Claim& claim,
                                            const std::string& obstacle) {
  status::EngineReport report;
  report.engine = "database";
  report.started = job.has(share::JobFileName::Kind::log);
  if (claim.alive && claim.stuck) {
    report.waiting = 1;
    report.reason = no_room;
  } else if (claim.alive && report.started) {
    report.alive = 1;
  } else if (claim.alive) {
    report.waiting = 1;
    report.reason = "waiting for a free core of the database's host";
  } else if (claim.claimed && job.cancel_pending()) {
    report.silent = true;
    report.reason = holder_away;
  } else if (!obstacle.empty() && job.cancel_pending()) {
    report.gone = 1;  // nobody runs it: the request is all that it takes
    report.reason = "no launchpad has it";
  } else if (claim.active || claim.claimed) {
    report.waiting = 1;
    report.reason = obstacle.empty() ? "waiting for the launchpad" : obstacle;
  } else if (take_up(job)) {
    report.waiting = 1;
    report.reason = "asked to run again; the launchpad is told once more";
  } else {
    report.forgotten = 1;
  }
  return report;
}

/// Whoever asked for another run may have died before he told anybody. False: there is no such request.
bool DatabaseEngine::take_up(share::JobDirectory& job) {
  if (job.requests() == 0 || !job.refresh()) return false;
  const bool answered = job.has(share::JobFileName::Kind::seal) || job.has(share::JobFileName::Kind::verdict);
  return !answered && job.place().ring(job.id()).ok();
}

/// A launchpad that hears it answers a cancel; where none has the job, nor will, whoever asked for it does.
Result<std::string> DatabaseEngine::attend(share::Place& place, share::JobDirectory& job) {
  TRY_VOID(place.ring(job.id()));
  if (!job.cancel_pending()) return std::string();
  share::JobDirectory* one = &job;
  const bool has_nobody = query(place, {&one, 1}).front().gone > 0;
  if (has_nobody) TRY_VOID(share::settle_cancel(job));
  return std::string();
}

std::vector<status::EngineReport> DatabaseEngine::query(share::Place& place,
                                                        std::span<share::JobDirectory* const> jobs) {
  DatabaseFiles* files = tables_of(place);
  std::vector<std::string> directories;
  for (const share::JobDirectory* job : jobs) directories.push_back(job->path());
  Result<Answer> answer =
      files == nullptr ? Result<Answer>(no_database(place.path())) : ask(*files, directories);
  std::vector<status::EngineReport> reports;
  for (share::JobDirectory* job : jobs) {
    if (answer) {
      const Claim& claim = answer->claims[job->path()];
      reports.push_back(
          report(*job, claim, !claim.claimed && claim.stuck ? cannot_be_read : answer->obstacle));
      continue;
    }
    reports.emplace_back();
    reports.back().engine = "database";
    reports.back().silent = true;
    reports.back().reason = answer.error().message;
  }
  return reports;
}

}  // namespace

Engine& database_engine() {
  // Never destroyed: threads may use it while the process ends.
  static Engine& engine = *new DatabaseEngine;
  return engine;
}

}  // namespace errand::engine::database
