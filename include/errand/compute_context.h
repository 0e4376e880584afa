// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "errand/error.h"

namespace errand {

/// Where and how jobs run: an engine, a place and defaults. A plain value: copy it, change fields,
/// hand it to exec. A job belongs to the context in force when it was submitted.
///
/// Not synchronised: one thread at a time may change a given object.
struct ComputeContext {
  std::string engine = "local";  ///< "local", "slurm", "gridengine", "lsf" or "database"
  bool sequential = false;       ///< true: one task at a time (LocalSeq)

  bool wait = true;             ///< exec returns when the job has ended
  bool console_output = false;  ///< print the tasks' console text before results are returned
  bool auto_cleanup = true;     ///< remove the artifacts once every result is in the caller's hands

  /// The place: a directory, or a database (any connection string of InDatabase's). Empty: $ERRAND_SHARE_DIR,
  /// else errand/ in the user's XDG state directory.
  std::string share_dir;

  /// Where the tasks run, an absolute path as the nodes see it. Empty: the submitter's directory.
  std::string working_directory;

  /// How many tasks run at once. 0: as many as the machine has cores; on a cluster, what its engine's page
  /// says.
  int cores = 0;

  /// Variables for the tasks beside the recorded standard list: "NAME" copies the submitter's value,
  /// "NAME=value" sets one.
  std::vector<std::string> environment;

  /// Names of packages a task needs; used by the interpreted front ends.
  std::vector<std::string> packages_to_load;

  /// Wall-clock limit of one task. 0: none. A task over its limit is killed and failed, not retried.
  std::chrono::milliseconds task_time_limit{0};

  /// Private memory of one task's process in bytes (RLIMIT_DATA). 0: none.
  std::uint64_t task_memory_limit = 0;

  /// Console text kept per task in bytes: the first and the last half; the cut is stated.
  std::uint64_t console_limit = 64ULL << 20;

  /// How often a task lost to the machine (worker killed or crashed) is started again.
  int lost_task_retries = 2;

  /// Owners (user names or numeric ids) beside the caller whose jobs may be read: values are decoded by the
  /// reader's own code. Counts in the context in force (get_compute_context), not in a job's.
  std::vector<std::string> trusted_owners;

  /// Settings of engines outside the core, by name; kept and compared, not interpreted here.
  std::map<std::string, std::string> engine_options;

  bool operator==(const ComputeContext&) const = default;
};

/// A plain loop in this process when waiting (no job, no capture); one worker when not.
[[nodiscard]] ComputeContext LocalSeq(ComputeContext base = {});

/// This machine's cores, or `cores` of them.
[[nodiscard]] ComputeContext LocalParallel(ComputeContext base = {});

/// The Slurm cluster that this host's own commands (sbatch, squeue) reach. The share directory must be one
/// that its nodes see under the same path. engine_options, each a string; a submission with any other is
/// refused, and the engine's page (src/engine/slurm/slurm.md) says more of them:
///   partition, account, qos, constraint, gres, reservation, nodelist, exclude, licenses, comment, clusters,
///   priority, nice, begin, deadline, dependency, mail_user, mail_type: as sbatch has them;
///   time, memory, memory_per_cpu: of an array element; cpus_per_task: cores of one task;
///   nodes: those that may be used; exclusive: "true"; throttle: elements that run at once;
///   workers: tasks that an element runs at once; elements: the most elements; hold: "true";
///   memory_retry: what a retry asks for after tasks ran out of memory;
///   extra: further flags of sbatch; template: a submit script; command: the errand command on the nodes.
///
///     auto cluster = errand::SlurmContext();
///     cluster.share_dir = "/scratch/ada/errand";
///     cluster.engine_options = {{"partition", "main"}, {"time", "2:00:00"}, {"memory", "4G"}};
[[nodiscard]] ComputeContext SlurmContext(ComputeContext base = {});

/// The same for the Grid Engine cell that this host's qsub and qstat reach. engine_options: queue, time,
/// memory, pe ... (docs: Grid Engine).
[[nodiscard]] ComputeContext GridEngineContext(ComputeContext base = {});

/// The same for the LSF cluster that this host's bsub and bjobs reach. engine_options: queue, time, memory,
/// resources ... (docs: LSF).
[[nodiscard]] ComputeContext LsfContext(ComputeContext base = {});

/// Jobs in a PostgreSQL database, run on its host by `errand launchpad`, next to the data: RxInSqlServer's
/// kind of context. The connection string is a URI, libpq's keyword=value form or an ODBC string that leads
/// to PostgreSQL; a password in it stays in this process, other processes take theirs from where libpq looks
/// (PGPASSWORD, ~/.pgpass). Its options (sslmode ...) stay in the context's share_dir. `cores` is the number
/// of tasks that run at once. Errors: invalid_argument, not_supported (SQL Server itself).
///
///     auto context = errand::InDatabase("postgresql://ada@db.example.org/climate");
[[nodiscard]] Result<ComputeContext> InDatabase(std::string_view connection_string, ComputeContext base = {});

/// True if the text is meant as a connection string, in whichever of those forms, and not as a directory or a
/// name: it begins with a scheme (postgresql://), or has an = before any slash. A directory of such a name is
/// written ./a=b.
[[nodiscard]] bool is_connection_string(std::string_view text) noexcept;

/// The text as anybody may see it: a connection string with a password as a URI without it, or as *** where
/// it cannot be read; any other text as it is.
[[nodiscard]] std::string without_secrets(std::string_view text);

/// The context of that name: a built-in ("local", "localseq", "localpar", "RxLocalSeq",
/// "RxLocalParallel", "slurm", "RxSlurm", "RxHpcServer", "gridengine", "sge", "RxGridEngine", "lsf",
/// "RxLsfCluster", case ignored) or a named one of the configuration file. Errors: not_found (naming what
/// exists), invalid_argument (bad configuration file: file and line).
[[nodiscard]] Result<ComputeContext> make_compute_context(std::string_view name);

/// The context in force in this process: the one that was set; else the one that ERRAND_CONTEXT or the
/// configuration file names, else LocalSeq.
/// Precedence of fields: set_compute_context's argument, then environment, then configuration file.
/// Errors: as make_compute_context, of a name that leads to none. Thread-safe.
[[nodiscard]] Result<ComputeContext> compute_context_in_force();
/// The same; LocalSeq where it cannot be had, for callers that submit nothing to it.
[[nodiscard]] ComputeContext get_compute_context();

/// Puts a context in force for later calls of this process and returns the one before. Thread-safe.
ComputeContext set_compute_context(ComputeContext context);

/// A named context and where it comes from.
struct NamedContext {
  std::string name;
  std::string origin;  ///< "built in", or the configuration file's path
  ComputeContext context;
};

/// Every context that make_compute_context knows, built-in ones first.
/// Errors: invalid_argument for a configuration file that cannot be read (file, line, what to do).
[[nodiscard]] Result<std::vector<NamedContext>> list_compute_contexts();

/// The share directory a context means: its own, else $ERRAND_SHARE_DIR, else the XDG default.
[[nodiscard]] std::string resolve_share_dir(const ComputeContext& context);

}  // namespace errand
