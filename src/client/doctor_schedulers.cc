// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <initializer_list>

#include "client/findings.h"
#include "client/open_place.h"
#include "engine/engine.h"
#include "engine/scheduler/command.h"

namespace errand::client {
namespace {

struct Scheduler {
  const char* engine;
  const char* title;
  std::initializer_list<const char*> commands;
};

const Scheduler schedulers[] = {{"slurm", "Slurm", {"sbatch", "squeue", "scancel"}},
                                {"gridengine", "Grid Engine", {"qsub", "qstat", "qdel"}},
                                {"lsf", "LSF", {"bsub", "bjobs", "bkill"}}};

std::string lacking_command(const Scheduler& scheduler) {
  for (const char* command : scheduler.commands) {
    if (!engine::scheduler::find_program_in_path(command)) return command;
  }
  return "";
}

/// As a submission would: the engine looks at the place and asks its scheduler.
void examine_submission(const ComputeContext& context, Findings& findings) {
  const std::string path = resolve_share_dir(context);
  auto engine = engine::find_engine(context.engine);
  if (!engine) return findings.wrong("engine", engine.error());
  if (is_absent(path)) return;
  auto place = open_place(path, false);
  if (!place) return;
  if (Result<void> prepared = (*engine)->prepare(**place, context); !prepared) {
    findings.wrong("engine", prepared.error());
  } else {
    findings.good("engine", context.engine + " would take a submission");
  }
}

}  // namespace

void examine_schedulers(const ComputeContext& context, Findings& findings) {
  for (const Scheduler& scheduler : schedulers) {
    const std::string lacking = lacking_command(scheduler);
    const bool meant = context.engine == scheduler.engine;
    if (lacking.empty()) {
      findings.good("clusters",
                    fmt::format("{}'s commands are here: context {}", scheduler.title, scheduler.engine));
    } else if (meant) {
      findings.wrong("clusters", fmt::format("{} has no command {} here", scheduler.title, lacking),
                     "submit from a host of the cluster, or put its commands into PATH");
    }
    if (!meant) continue;
    findings.notable("place", "the nodes have to see the share directory under this path",
                     "choose one on a shared file system with --share-dir");
    if (lacking.empty()) examine_submission(context, findings);
  }
}

}  // namespace errand::client
