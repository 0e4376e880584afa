// SPDX-License-Identifier: Apache-2.0
#include "launchpad/sql_depot.h"

#include <algorithm>
#include <array>

#include "database/statements.h"
#include "database/tree_path.h"
#include "launchpad/shipment.h"
#include "share/names.h"
#include "system/try.h"

namespace errand::launchpad {
namespace {

using database::Parameters;
using database::Rows;

constexpr std::string_view look_statement =
    "select d.xmin::text, b.file, max(b.start + octet_length(b.data))::bigint "
    "from errand.directory d left join errand.block b on b.owner = d.owner and b.directory = d.path "
    "where d.owner = $1::name and d.path = $2 and d.lease = $3 group by 1, 2";
constexpr std::string_view remove_statement =
    "delete from errand.block where owner = $1::name and directory = $2 and file = $3";
constexpr std::string_view punch_statement =
    "delete from errand.block where owner = $1::name and directory = $2 and file = $3 and start >= $4 "
    "and start + octet_length(data) <= $5";
/// A ring updates the row, so that its version is another.
constexpr std::string_view release_statement =
    "update errand.directory set active = false, lease = null where owner = $1::name and path = $2 "
    "and lease = $3 and xmin::text = $4 returning pg_notify($5, '')";

constexpr std::string_view give_back_statement =
    "update errand.directory set lease = null where owner = $1::name and path = $2 and lease = $3 "
    "returning pg_notify('errand_submit', $4)";

/// $1 the lease, $2 how many, $3 whose, $4 whose not, $5 paths that we do not want, $6 those that we hold.
/// What is claimed comes along, as far as it is small; the snapshot is that of the claim, and whoever adds to
/// a job later rings after that.
std::string claim_statement(bool of_the_dead) {
  const std::string free =
      of_the_dead
          ? "(lease is null or (lease = $1 and path <> all($6::text[])) or not errand.lease_is_alive(lease))"
          : "lease is null";
  return "with picked as (select owner, path from errand.directory where active and path <> all($5::text[]) "
         "and " +
         free +
         " and path like 'jobs/%' and (cardinality($3::text[]) = 0 or owner = any($3::text[]::name[])) "
         "and owner <> all($4::text[]::name[]) order by path limit $2 for update skip locked), "
         "taken as (update errand.directory d set lease = $1 from picked p, "
         "(select set_config('synchronous_commit', 'off', true)) later where d.owner = p.owner "
         "and d.path = p.path returning d.owner, d.path, d.xmin::text as version) "
         "select t.owner::text, substr(t.path, 6), t.version, b.file, b.start, b.data from taken t "
         "left join errand.block b on b.owner = t.owner and b.directory = t.path and b.start < " +
         std::to_string(Arrival::read_ahead) +
         " and b.file !~ '^(values|console)[.]' and b.file <> 'program' order by 2, 1, 4, 5";
}

/// $1 owner, $2 directory, $3 the lease, $4 whom to notify, $5 the last file, $6 the version of the last
/// pieces (of others empty), then file, start and bytes of each piece. The row is locked against removal, so
/// that nothing is stored of a job that is not there; with the last pieces it is let go, if it is as it was.
std::string store_statement(std::size_t pieces, bool last) {
  std::string values;
  for (std::size_t i = 0; i < pieces; ++i) {
    auto parameter = [&](std::size_t k, const char* type) {
      return "$" + std::to_string(7 + 3 * i + k) + "::" + type;
    };
    values += (i == 0 ? "(" : ", (") + parameter(0, "text") + ", " + parameter(1, "bigint") + ", " +
              parameter(2, "bytea") + ")";
  }
  const std::string released =
      last ? ", released as (update errand.directory d set active = false, lease = null "
             "from held where d.owner = $1::name and d.path = $2 and d.lease = $3 "
             "and d.xmin::text = $6 and held.lease = $3 returning true)"
           : "";
  return "with held as materialized (select lease from errand.directory where owner = $1::name and path = $2 "
         "for key share), "
         "put as (insert into errand.block (owner, directory, file, start, data) "
         "select $1::name, $2, p.file, p.start, p.data from held, (values " +
         values +
         ") as p (file, start, data) where held.lease = $3 "
         "on conflict (owner, directory, file, start) do update set data = excluded.data, "
         "written = excluded.written)" +
         released + " select " + (last ? "exists (select from released)" : "$6 <> ''") +
         ", pg_notify($4, $5) from held where lease = $3";
}

const std::string& store_statement_for(std::size_t pieces, bool last) {
  static const auto statements = [] {
    std::array<std::array<std::string, 2>, Shipment::batch_pieces + 1> made;
    for (std::size_t i = 1; i < made.size(); ++i)
      made[i] = {store_statement(i, false), store_statement(i, true)};
    return made;
  }();
  return statements.at(pieces).at(last ? 1 : 0);
}

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

Result<Rows> SqlDepot::run(std::string_view statement, const Parameters& parameters) {
  if (connection_ != nullptr) return connection_->run(statement, parameters);
  return Error{ErrorCode::place_unreadable, "there is no session with the database", true, "", 0};
}

Result<std::optional<Listing>> SqlDepot::look(const JobKey& job) {
  const std::string directory = share::job_path(job.id);
  TRY(Rows rows, run(look_statement, Parameters().text(job.owner).text(directory).number(lease_)));
  if (rows.count() == 0) return std::optional<Listing>();
  Listing listing;
  listing.version = rows.text(0, 0);
  for (std::size_t row = 0; row < rows.count(); ++row) {
    if (rows.is_null(row, 1)) continue;
    listing.sizes[std::string(rows.text(row, 1))] = static_cast<std::uint64_t>(rows.number(row, 2));
  }
  return std::optional<Listing>(std::move(listing));
}

Result<std::string> SqlDepot::read(const std::string& owner, const std::string& directory,
                                   const std::string& file, std::uint64_t start, std::uint64_t length) {
  Parameters parameters;
  parameters.text(owner).text(directory).text(file).number(static_cast<std::int64_t>(start));
  parameters.number(static_cast<std::int64_t>(start + length));
  TRY(Rows rows, run(database::statements::read_range, parameters));
  std::string bytes;
  for (std::size_t row = 0; row < rows.count(); ++row) {
    const auto begin = static_cast<std::uint64_t>(rows.number(row, 0));
    const std::uint64_t reached = start + bytes.size();
    const auto block = rows.bytes(row, 1);
    if (begin > reached) break;
    if (begin + block.size() > reached) bytes += text_of(block.subspan(reached - begin));
  }
  bytes.resize(std::min<std::uint64_t>(bytes.size(), length));
  return bytes;
}

Result<Rows> SqlDepot::put(const JobKey& job, std::span<const Piece> pieces, const std::string& version) {
  const std::string directory = share::job_path(job.id);
  const std::string channel = database::channel_of(directory);
  Parameters parameters;
  parameters.text(job.owner).text(directory).number(lease_).text(channel).text(pieces.back().file);
  parameters.text(version);
  for (const Piece& piece : pieces) {
    parameters.text(piece.file).number(static_cast<std::int64_t>(piece.start)).bytes(bytes_of(piece.bytes));
  }
  return run(store_statement_for(pieces.size(), !version.empty()), parameters);
}

Result<bool> SqlDepot::store(const JobKey& job, std::span<const Piece> pieces) {
  TRY(Rows rows, put(job, pieces, ""));
  return rows.count() > 0;
}

Result<Depot::Farewell> SqlDepot::store_last(const JobKey& job, std::span<const Piece> pieces,
                                             const std::string& version) {
  TRY(Rows rows, put(job, pieces, version));
  const bool stored = rows.count() > 0;
  return Farewell{stored, stored && rows.truth(0, 0)};
}

Result<void> SqlDepot::remove(const JobKey& job, const std::string& file) {
  const std::string directory = share::job_path(job.id);
  auto removed = run(remove_statement, Parameters().text(job.owner).text(directory).text(file));
  return removed ? Result<void>() : Result<void>(std::move(removed).error());
}

Result<void> SqlDepot::punch(const JobKey& job, const std::string& file, std::uint64_t begin,
                             std::uint64_t end) {
  const std::string directory = share::job_path(job.id);
  Parameters parameters;
  parameters.text(job.owner).text(directory).text(file).number(static_cast<std::int64_t>(begin));
  parameters.number(static_cast<std::int64_t>(end));
  auto punched = run(punch_statement, parameters);
  return punched ? Result<void>() : Result<void>(std::move(punched).error());
}

Result<bool> SqlDepot::release(const JobKey& job, const std::string& version) {
  const std::string directory = share::job_path(job.id);
  const std::string channel = database::channel_of(directory);
  Parameters parameters;
  parameters.text(job.owner).text(directory).number(lease_).text(version).text(channel);
  TRY(Rows rows, run(release_statement, parameters));
  return rows.count() > 0;
}

Result<void> SqlDepot::give_back(const JobKey& job) {
  const std::string directory = share::job_path(job.id);
  auto given =
      run(give_back_statement, Parameters().text(job.owner).text(directory).number(lease_).text(job.id));
  return given ? Result<void>() : Result<void>(std::move(given).error());
}

Result<std::vector<Arrival>> SqlDepot::claim(const Wanted& wanted) {
  static const std::string fresh = claim_statement(false);
  static const std::string any = claim_statement(true);
  Parameters parameters;
  parameters.number(lease_).number(static_cast<std::int64_t>(wanted.most));
  parameters.texts(wanted.owners).texts(wanted.but_of);
  parameters.texts(wanted.unwanted);
  if (wanted.of_the_dead) parameters.texts(wanted.held);
  TRY(Rows rows, run(wanted.of_the_dead ? any : fresh, parameters));
  std::vector<Arrival> arrivals;
  for (std::size_t row = 0; row < rows.count(); ++row) {
    JobKey job{std::string(rows.text(row, 0)), std::string(rows.text(row, 1))};
    if (arrivals.empty() || arrivals.back().job != job) {
      arrivals.push_back({job, std::string(rows.text(row, 2)), {}});
    }
    if (rows.is_null(row, 3)) continue;
    arrivals.back().pieces.push_back({std::string(rows.text(row, 3)),
                                      static_cast<std::uint64_t>(rows.number(row, 4)),
                                      text_of(rows.bytes(row, 5))});
  }
  return arrivals;
}

}  // namespace errand::launchpad
