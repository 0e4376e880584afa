// SPDX-License-Identifier: Apache-2.0
#include "engine/database/database_engine.h"
#include "engine/engine.h"
#include "engine/grid_engine/grid_engine.h"
#include "engine/local/local_engine.h"
#include "engine/lsf/lsf.h"
#include "engine/scheduler/scheduler_engine.h"
#include "engine/slurm/slurm.h"

/// The one list of engines.
namespace errand::engine {

Result<Engine*> find_engine(const std::string& name) {
  if (name == "local") return &local::local_engine();
  if (name == "slurm") {
    // Never destroyed: threads may use it while the process ends.
    static Engine& slurm = *new scheduler::SchedulerEngine(slurm::slurm_dialect());
    return &slurm;
  }
  if (name == "gridengine") {
    static Engine& grid_engine = *new scheduler::SchedulerEngine(grid_engine::grid_engine_dialect());
    return &grid_engine;
  }
  if (name == "lsf") {
    static Engine& lsf = *new scheduler::SchedulerEngine(lsf::lsf_dialect());
    return &lsf;
  }
  if (name == "database") return &database::database_engine();
  return Error{ErrorCode::not_supported, "there is no engine named " + name, false,
               "this errand has: local, slurm, gridengine, lsf, database", 0};
}

}  // namespace errand::engine
