// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The one authority for every name on disk, with parsers back. Paths are relative to the place.
///
///     errand-share                 the marker: format version and place id
///     jobs/<id>/                   job directories
///     active/<id>                  a job that is not settled; a byte appended to it rings the agent
///     staging/<id>                 a submission before it is published
///     trash/<id>.<random>          a removed job on its way out
///     tombstones                   one line per removed job: id, when, why
///     programs/<hash>              snapshots of submitted programs
///     programs/by-stat/<stat>      which snapshot a file of that identity became
///     agents/<world>/              lock, info and log of the local agent of one host, boot, namespace
namespace errand::share {

inline constexpr std::string_view marker_name = "errand-share";
inline constexpr std::string_view jobs_directory = "jobs";
inline constexpr std::string_view active_directory = "active";
inline constexpr std::string_view staging_directory = "staging";
inline constexpr std::string_view trash_directory = "trash";
inline constexpr std::string_view programs_directory = "programs";
inline constexpr std::string_view programs_by_stat_directory = "programs/by-stat";
inline constexpr std::string_view agents_directory = "agents";
inline constexpr std::string_view tombstones_name = "tombstones";

/// "rxJob_" and 26 lower-case Crockford base32 characters: 48 bits of UTC milliseconds, 80 random bits.
inline constexpr std::string_view id_prefix = "rxJob_";
inline constexpr std::size_t id_length = 32;

[[nodiscard]] std::string make_job_id(std::int64_t now_ns);
/// The id in its canonical spelling, or nothing: any case accepted, every other form refused (it is
/// about to become part of a path).
[[nodiscard]] std::optional<std::string> parse_job_id(std::string_view text);
/// Milliseconds since 1970 that the id was made at. Requires a canonical id.
[[nodiscard]] std::int64_t id_time_ms(std::string_view id);
/// Characters that may stand in a part of an id (Crockford base32, "rxJob_"): what find_job accepts.
[[nodiscard]] bool is_id_part(std::string_view text);

[[nodiscard]] std::string job_path(std::string_view id);
[[nodiscard]] std::string active_path(std::string_view id);
[[nodiscard]] std::string staging_path(std::string_view id);

/// The files of a job directory.
///     job                     submission: manifest, function, arguments, tasks, closed
///     program                 hard link to the snapshot (C++ and program jobs of the local engine)
///     claim.<chunk>.<gen>     ownership of a chunk's generation
///     log.<chunk>.<gen>.<worker>       outcomes of one worker; worker 0: the owner's own records
///     values., console., progress.     of the same worker
///     request.<n>             the n-th request (1, 2, ...): cancel, retry, cancel of single tasks
///     verdict                 what became of a cancel
///     seal                    the settled job
///     fetched.<reader>        a reader took the results; fetched.hold-<unique>: one is about to (locked)
///     submission.<n>          the n-th handing of tasks to a scheduler, as it was meant
///     accepted.<n>            what the scheduler answered
///     printed.<n>.<element>   what an array element's own processes printed, caught by the scheduler
///     appender                locked by the process that appends tasks (growing jobs)
struct JobFileName {
  enum class Kind : std::uint8_t {
    job,
    program,
    claim,
    log,
    values,
    console,
    progress,
    request,
    verdict,
    seal,
    fetched,
    appender,
    submission,
    accepted,
    printed
  };
  Kind kind = Kind::job;
  std::uint32_t chunk = 0;
  std::uint32_t generation = 0;
  std::uint32_t worker = 0;
  std::uint32_t number = 0;   ///< of a request or a submission
  std::uint32_t element = 0;  ///< of what was printed
  std::string reader;         ///< of a fetched mark

  bool operator==(const JobFileName&) const = default;
};
[[nodiscard]] std::string to_name(const JobFileName& name);
/// Refuses anything that to_name could not have made.
[[nodiscard]] std::optional<JobFileName> parse_job_file_name(std::string_view text);

/// One worker of one generation of one chunk.
struct WorkerKey {
  std::uint32_t chunk = 0;
  std::uint32_t generation = 0;
  std::uint32_t worker = 0;
  auto operator<=>(const WorkerKey&) const = default;
};
[[nodiscard]] std::string log_name(const WorkerKey& key);
[[nodiscard]] std::string values_name(const WorkerKey& key);
[[nodiscard]] std::string console_name(const WorkerKey& key);
[[nodiscard]] std::string progress_name(const WorkerKey& key);
[[nodiscard]] std::string claim_name(std::uint32_t chunk, std::uint32_t generation);
[[nodiscard]] std::string request_name(std::uint32_t number);
[[nodiscard]] std::string submission_name(std::uint32_t number);
[[nodiscard]] std::string accepted_name(std::uint32_t number);

}  // namespace errand::share
