// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

/// Every statement of the store. $1 is always the owner, $2 a directory, $3 a file. A statement that need not
/// survive a power cut at once says so itself: `synchronous_commit` holds for its own transaction.
namespace errand::database::statements {

inline constexpr std::string_view marker =
    "select major::bigint, minor::bigint, place_id from errand.installation";

inline constexpr std::string_view list_jobs =
    "select substr(path, 6) from errand.directory where owner = $1::name and path like 'jobs/%'";
inline constexpr std::string_view list_active =
    "select substr(path, 6) from errand.directory where owner = $1::name and active and path like 'jobs/%'";
inline constexpr std::string_view list_staging =
    "select substr(path, 9) from errand.directory where owner = $1::name and path like 'staging/%'";
/// One row with null: the directory is there and empty.
inline constexpr std::string_view list_files =
    "select f.file from errand.directory d left join lateral "
    "(select distinct b.file from errand.block b where b.owner = d.owner and b.directory = d.path) f on true "
    "where d.owner = $1::name and d.path = $2";

/// The first blocks of all of its files, small ones with their bytes ($3: up to how many): all there is of
/// most jobs. $4 rows mean that there may be more.
inline constexpr std::string_view list_blocks =
    "select file, start, (extract(epoch from written) * 1000000)::bigint, "
    "case when octet_length(data) <= $3 then data end "
    "from errand.block where owner = $1::name and directory = $2 order by file, start limit $4";

/// The same of many directories, $2 an array of them; the directory's path and when it was made come first.
inline constexpr std::string_view list_blocks_of_many =
    "select d.path, (extract(epoch from d.created) * 1000000)::bigint, "
    "b.file, b.start, (extract(epoch from b.written) * 1000000)::bigint, "
    "case when octet_length(b.data) <= $3 then b.data end "
    "from errand.directory d cross join lateral (select file, start, written, data from errand.block "
    "where owner = d.owner and directory = d.path order by file, start limit $4) b "
    "where d.owner = $1::name and d.path = any($2) order by d.path, b.file, b.start";

inline constexpr std::string_view job_info =
    "select (extract(epoch from greatest(d.created, (select max(b.written) from errand.block b "
    "where b.owner = d.owner and b.directory = d.path))) * 1000000)::bigint "
    "from errand.directory d where d.owner = $1::name and d.path = $2";
inline constexpr std::string_view mark_info =
    "select (extract(epoch from created) * 1000000)::bigint from errand.directory "
    "where owner = $1::name and path = $2 and active";
/// No row: there is no such file. Null size cannot be.
inline constexpr std::string_view file_info =
    "select max(start + octet_length(data))::bigint, (extract(epoch from max(written)) * 1000000)::bigint "
    "from errand.block where owner = $1::name and directory = $2 and file = $3 having count(*) > 0";
/// The size of a file, and its bytes if there are at most $4 of them.
inline constexpr std::string_view open_file =
    "select start, octet_length(data)::bigint, (extract(epoch from written) * 1000000)::bigint, "
    "case when sum(octet_length(data)) over () <= $4 then data end "
    "from errand.block where owner = $1::name and directory = $2 and file = $3 order by start";
/// Where a file ends: its last block. No row: there is no such file.
inline constexpr std::string_view file_end =
    "select start + octet_length(data) from errand.block "
    "where owner = $1::name and directory = $2 and file = $3 order by start desc limit 1";
/// The blocks that begin before $4.
inline constexpr std::string_view read_whole =
    "select start, data from errand.block where owner = $1::name and directory = $2 and file = $3 "
    "and start <= $4 order by start";
/// The blocks that hold the bytes from $4 to before $5.
inline constexpr std::string_view read_range =
    "select start, data from errand.block where owner = $1::name and directory = $2 and file = $3 "
    "and start >= coalesce((select max(start) from errand.block where owner = $1::name and directory = $2 "
    "and file = $3 and start <= $4), 0) and start < $5 order by start";
/// Small files of one name in many directories: $2 is an array of them, $4 the largest size.
inline constexpr std::string_view read_many =
    "select directory, data from errand.block where owner = $1::name and directory = any($2) and file = $3 "
    "and start = 0 and octet_length(data) <= $4";

/// $4 start, $5 data, $6 whom to notify. Nothing changed: another writer has that place in the file.
#define ERRAND_APPEND                                                                          \
  "on conflict (owner, directory, file, start) do update set data = excluded.data, written = " \
  "excluded.written "                                                                          \
  "where octet_length(errand.block.data) = 0 returning pg_notify($6, $3)"
inline constexpr std::string_view append =
    "insert into errand.block (owner, directory, file, start, data) values ($1::name, $2, $3, $4, "
    "$5) " ERRAND_APPEND;
#undef ERRAND_APPEND
/// $4 data, behind whatever is there; another that does so in the same moment may be first, and then nothing
/// is changed. It need not survive a power cut.
inline constexpr std::string_view append_behind =
    "with made as (insert into errand.directory (owner, path) values ($1::name, $2) on conflict do nothing) "
    "insert into errand.block (owner, directory, file, start, data) select $1::name, $2, $3, "
    "coalesce((select start + octet_length(data) from errand.block where owner = $1::name and directory = $2 "
    "and file = $3 order by start desc limit 1), 0), $4 "
    "from (select set_config('synchronous_commit', 'off', true)) later where true on conflict do nothing "
    "returning true";
/// A new file of one block; nothing changed: the name is taken.
inline constexpr std::string_view create =
    "insert into errand.block (owner, directory, file, start, data) select $1::name, $2, $3, 0, $4 "
    "from (select set_config('synchronous_commit', $5, true)) later where not exists (select from "
    "errand.block "
    "where owner = $1::name and directory = $2 and file = $3) "
    "on conflict (owner, directory, file, start) do nothing returning pg_notify($6, $3)";
/// The file becomes this one block.
inline constexpr std::string_view replace =
    "with rest as (delete from errand.block where owner = $1::name and directory = $2 and file = $3 and "
    "start > 0) "
    "insert into errand.block (owner, directory, file, start, data) select $1::name, $2, $3, 0, $4 "
    "from (select set_config('synchronous_commit', $5, true)) later where true "
    "on conflict (owner, directory, file, start) do update set data = excluded.data, written = "
    "excluded.written "
    "returning pg_notify($6, $3)";

inline constexpr std::string_view make_directory =
    "insert into errand.directory (owner, path) values ($1::name, $2) on conflict do nothing";
/// A job of one file appears: $3 its name, $4 its bytes, $5 whether marked active, $6 the job's id.
inline constexpr std::string_view publish_job =
    "with made as (insert into errand.directory (owner, path, active) values ($1::name, $2, "
    "$5::text::boolean)), "
    "filled as (insert into errand.block (owner, directory, file, start, data) "
    "values ($1::name, $2, $3, 0, $4)) select pg_notify('errand_submit', $6)";
/// A program that a job links to is not removed for some minutes after that, and not while the job is there:
/// remove_program. `used` and `known` are empty if it is gone already. $PROGRAM is the file's name.
#define ERRAND_USE_PROGRAM(PROGRAM)                                                                          \
  "used as (update errand.block set written = clock_timestamp() where owner = $1::name "                     \
  "and directory = 'programs' and file = " PROGRAM                                                           \
  " and start = 0 "                                                                                          \
  "and written < clock_timestamp() - interval '1 minute' returning true), "                                  \
  "known as (select from errand.block where owner = $1::name and directory = 'programs' and file = " PROGRAM \
  " and start = 0 and written >= clock_timestamp() - interval '1 minute')"
#define ERRAND_PROGRAM_IS_THERE "(exists (select from used) or exists (select from known))"
inline constexpr std::string_view use_program =
    "with " ERRAND_USE_PROGRAM("$2") " select true where " ERRAND_PROGRAM_IS_THERE;
/// The same with a link to a program: $7 its path, $8 its name. No row: the program is not there.
inline constexpr std::string_view publish_program_job =
    "with " ERRAND_USE_PROGRAM("$8")
    ", made as (insert into errand.directory (owner, path, active) select $1::name, $2, $5::text::boolean "
    "where " ERRAND_PROGRAM_IS_THERE " returning true), "
    "filled as (insert into errand.block (owner, directory, file, start, data) "
    "select $1::name, $2, file, 0, data from made, (values ($3, $4), ('program', $7)) as files (file, data)) "
    "select pg_notify('errand_submit', $6) from made";
#undef ERRAND_USE_PROGRAM
#undef ERRAND_PROGRAM_IS_THERE
/// A job of many blocks, which are there already under its staging name $3.
inline constexpr std::string_view publish_staged =
    "with moved as (update errand.directory set path = $2, active = $4::text::boolean "
    "where owner = $1::name and path = $3 returning path) select pg_notify('errand_submit', $5) from moved";

/// $2 is an array of directories. Whoever follows a job that had not settled is told, and a launchpad if it
/// has the job; one that had settled is nobody's business.
#define ERRAND_DISCARD                                                                   \
  "gone as (delete from errand.directory where owner = $1::name and path = any($2) and " \
  "set_config('synchronous_commit', 'off', true) is not null returning path, active, lease)"
#define ERRAND_TELL                                                                               \
  "case when active or lease is not null then pg_notify('errand_' || substr(path, 12), '') end, " \
  "case when lease is not null then pg_notify('errand_submit', substr(path, 6)) end from gone"
inline constexpr std::string_view discard = "with " ERRAND_DISCARD " select path, " ERRAND_TELL;
/// Of jobs: each leaves a line of its id and the bytes $4 in the root's file $3. False: somebody else wrote
/// there in the same moment, and no line was left.
inline constexpr std::string_view discard_jobs =
    "with " ERRAND_DISCARD
    ", root as (insert into errand.directory (owner, path) values ($1::name, '') on conflict do nothing), "
    "noted as (insert into errand.block (owner, directory, file, start, data) select $1::name, '', $3, "
    "coalesce((select start + octet_length(data) from errand.block where owner = $1::name and directory = '' "
    "and file = $3 order by start desc limit 1), 0), lines.data "
    "from (select string_agg(convert_to(substr(path, 6), 'UTF8') || $4, ''::bytea order by path) as data "
    "from gone) as lines where lines.data is not null on conflict do nothing returning true) "
    "select path, exists (select from noted), " ERRAND_TELL;
#undef ERRAND_DISCARD
#undef ERRAND_TELL
inline constexpr std::string_view remove_file =
    "delete from errand.block where owner = $1::name and directory = $2 and file = $3 and "
    "set_config('synchronous_commit', 'off', true) is not null";
/// Not while a job links to it ($4: what such a link holds), nor if one may be about to.
inline constexpr std::string_view remove_program =
    "with first as (delete from errand.block where owner = $1::name and directory = $2 and file = $3 "
    "and start = 0 and written < clock_timestamp() - interval '5 minutes' and not exists "
    "(select from errand.block l where l.owner = $1::name and l.file = 'program' and l.data = $4) "
    "returning true), "
    "rest as (delete from errand.block where owner = $1::name and directory = $2 and file = $3 and start > 0 "
    "and exists (select from first)) select from first";
/// $4 and $5: the new directory and name, which has to be free.
inline constexpr std::string_view rename_file =
    "update errand.block set directory = $4, file = $5 where owner = $1::name and directory = $2 and file = "
    "$3";

/// $3 the job's id.
inline constexpr std::string_view ring =
    "with rung as (update errand.directory set active = true where owner = $1::name and path = $2 returning "
    "path) "
    "select pg_notify('errand_submit', $3) from rung";
/// Not while a launchpad has it: that clears the mark itself when all has been shipped.
inline constexpr std::string_view clear_mark =
    "update errand.directory set active = false where owner = $1::name and path = $2 and active and lease is "
    "null";

/// A launchpad without identities says by this lock whom alone it serves: $1, a role. Shared, since several
/// may.
inline constexpr std::string_view serve_one_role = "select pg_try_advisory_lock_shared(25972, hashtext($1))";
/// How many launchpads are at work, how many of these serve everybody, and how many this submitter alone. A
/// lease counts if the role errand_launchpad holds it (errand.lease_is_alive).
inline constexpr std::string_view live_launchpads =
    "select count(distinct l.objid)::bigint, count(distinct l.objid) filter (where b.objid is null)::bigint, "
    "count(distinct l.objid) filter (where b.objid = hashtext(current_user::text)::oid)::bigint "
    "from pg_locks l join pg_stat_activity a using (pid) left join pg_locks b on b.pid = l.pid "
    "and b.locktype = 'advisory' and b.granted and b.classid = 25972 and b.objsubid = 2 "
    "and b.database = l.database "
    "where l.locktype = 'advisory' and l.granted and l.classid = 25970 and l.objid <> 0 and l.objsubid = 2 "
    "and l.database = (select oid from pg_database where datname = current_database()) "
    "and a.usename = 'errand_launchpad'";
/// A launchpad that finds no room for what a job's tasks have made says so by this lock, $1 the job's
/// directory; it gives it back when it does.
inline constexpr std::string_view say_no_room = "select pg_try_advisory_lock_shared(25973, hashtext($1))";
inline constexpr std::string_view say_room = "select pg_advisory_unlock_shared(25973, hashtext($1))";
/// A launchpad that cannot read a job says so by this lock: $1 the job's directory. Shared, since several
/// may.
inline constexpr std::string_view say_unreadable = "select pg_try_advisory_lock_shared(25974, hashtext($1))";
/// Why no worker can be lent the submitter's role; empty if one can be.
inline constexpr std::string_view why_not_lent = "select coalesce(errand.refusal_to_lend(current_user), '')";

/// $1 a key. Locks of this session.
inline constexpr std::string_view try_lock = "select pg_try_advisory_lock(25971, $1::bigint::int)";
inline constexpr std::string_view unlock = "select pg_advisory_unlock(25971, $1::bigint::int)";
/// Held by another session of the same user, in this database.
inline constexpr std::string_view is_locked =
    "select exists (select from pg_locks l join pg_stat_activity a using (pid) where l.locktype = 'advisory' "
    "and l.granted and l.classid = 25971 and l.objid = $1::bigint::int::oid and l.objsubid = 2 "
    "and l.database = (select oid from pg_database where datname = current_database()) "
    "and a.usename = session_user and l.pid <> pg_backend_pid())";

}  // namespace errand::database::statements
