// SPDX-License-Identifier: Apache-2.0
#include "engine/slurm/states.h"

#include <algorithm>
#include <array>

/// Slurm's words and ours: squeue(1), sections JOB STATE CODES and JOB REASON CODES, and what real clusters
/// were seen to print.
namespace errand::engine::slurm {
namespace {

using scheduler::ElementState;

struct StateRow {
  std::string_view word;
  ElementState state;
  std::string_view plain;
  bool blocked = false;
};
constexpr std::array states{
    StateRow{"PENDING", ElementState::waiting, "waiting"},
    StateRow{"CONFIGURING", ElementState::waiting, "its nodes are being made ready"},
    StateRow{"REQUEUED", ElementState::waiting, "put back into the queue"},
    StateRow{"REQUEUE_FED", ElementState::waiting, "put back into the queue of a federation"},
    StateRow{"REQUEUE_HOLD", ElementState::waiting, "put back into the queue and held", true},
    StateRow{"RESV_DEL_HOLD", ElementState::waiting, "held because its reservation was deleted", true},
    StateRow{"SPECIAL_EXIT", ElementState::waiting, "put back into the queue and held by a special exit",
             true},
    StateRow{"RUNNING", ElementState::alive, "running"},
    StateRow{"COMPLETING", ElementState::alive, "ending"},
    StateRow{"RESIZING", ElementState::alive, "changing its size"},
    StateRow{"SIGNALING", ElementState::alive, "being signaled"},
    StateRow{"STAGE_OUT", ElementState::alive, "copying its files out"},
    StateRow{"STOPPED", ElementState::alive, "stopped by a signal, with its cores"},
    StateRow{"SUSPENDED", ElementState::alive, "suspended"},
    StateRow{"COMPLETED", ElementState::ended, "its processes ended before all tasks were done"},
    StateRow{"FAILED", ElementState::ended, "its processes failed on the node"},
    StateRow{"CANCELLED", ElementState::ended, "canceled in Slurm, not by errand"},
    StateRow{"TIMEOUT", ElementState::ended, "its time limit was reached"},
    StateRow{"OUT_OF_MEMORY", ElementState::ended, "out of memory"},
    StateRow{"NODE_FAIL", ElementState::ended, "its node was lost"},
    StateRow{"BOOT_FAIL", ElementState::ended, "its node did not boot"},
    StateRow{"LAUNCH_FAILED", ElementState::ended, "it could not be started on its node"},
    StateRow{"RECONFIG_FAIL", ElementState::ended, "its node could not be reconfigured"},
    StateRow{"DEADLINE", ElementState::ended, "its deadline passed"},
    StateRow{"PREEMPTED", ElementState::ended, "displaced by a job of higher priority"},
    StateRow{"REVOKED", ElementState::ended, "run by another cluster of the federation"},
};

struct ReasonRow {
  std::string_view word;  ///< the whole reason, or its beginning where it ends in '*'
  std::string_view plain;
  bool blocked = false;
};
constexpr std::array reasons{
    ReasonRow{"None", "Slurm has not looked at it yet"},
    ReasonRow{"Priority", "other jobs go first"},
    ReasonRow{"Resources", "waiting for free resources"},
    ReasonRow{"BeginTime", "its start time has not come"},
    ReasonRow{"Dependency", "waiting for another job"},
    ReasonRow{"DependencyNeverSatisfied", "the job it depends on can no longer end as asked", true},
    ReasonRow{"JobArrayTaskLimit", "as many elements as allowed run at once"},
    ReasonRow{"JobHeldUser", "held by its owner: scontrol release lets it go", true},
    ReasonRow{"JobHeldAdmin", "held by an administrator", true},
    ReasonRow{"launch failed requeued held", "it could not be started on its node and is held", true},
    ReasonRow{"job requeued in held state", "put back into the queue and held", true},
    ReasonRow{"PartitionTimeLimit", "it asks for more time than the partition allows", true},
    ReasonRow{"PartitionNodeLimit", "it asks for more nodes than the partition allows", true},
    ReasonRow{"PartitionDown", "the partition is down"},
    ReasonRow{"PartitionInactive", "the partition starts no jobs now"},
    ReasonRow{"PartitionConfig", "it asks for what the partition does not have", true},
    ReasonRow{"BadConstraints", "no node can fulfil what it asks for", true},
    ReasonRow{"InvalidAccount", "its account is not valid", true},
    ReasonRow{"InvalidQOS", "its quality of service is not valid", true},
    ReasonRow{"AccountNotAllowed", "its account may not use the partition", true},
    ReasonRow{"QOSNotAllowed", "its quality of service may not be used here", true},
    ReasonRow{"Licenses", "waiting for a license"},
    ReasonRow{"NodeDown", "a node it needs is down"},
    ReasonRow{"Nodes required for job are*", "the nodes it needs are down, drained or reserved"},
    ReasonRow{"ReqNodeNotAvail*", "a node it asks for is not available"},
    ReasonRow{"Reservation", "waiting for its reservation"},
    ReasonRow{"ReservationDeleted", "its reservation was deleted", true},
    ReasonRow{"Prolog", "its nodes are being made ready"},
    ReasonRow{"Cleaning", "being put back into the queue"},
    ReasonRow{"FrontEndDown", "no front end node is up"},
    ReasonRow{"DeadLine", "it can no longer keep its deadline", true},
    ReasonRow{"BurstBuffer*", "waiting for a burst buffer"},
    ReasonRow{"MaxMemPerLimit", "it asks for more memory than allowed", true},
    ReasonRow{"Assoc*", "a limit of its account is reached"},
    ReasonRow{"QOS*", "a limit of its quality of service is reached"},
    ReasonRow{"MaxSubmit*", "as many jobs as allowed are in the queue"},
    ReasonRow{"SchedDefer", "Slurm defers jobs of this kind"},
    ReasonRow{"JobLaunchFailure", "it could not be started on its node"},
    ReasonRow{"NonZeroExitCode", "its processes ended with an error"},
    ReasonRow{"TimeLimit", "its time limit was reached"},
    ReasonRow{"OutOfMemory", "out of memory"},
    ReasonRow{"RaisedSignal*", "its processes were ended by a signal"},
};

bool matches(const ReasonRow& row, std::string_view reason) {
  if (!row.word.ends_with('*')) return row.word == reason;
  return reason.starts_with(row.word.substr(0, row.word.size() - 1));
}

std::string with_word(std::string_view plain, std::string_view word) {
  return std::string(plain) + " (" + scheduler::excerpt(word) + ")";
}

Meaning waiting_for(const StateRow& row, std::string_view reason) {
  auto known = std::find_if(reasons.begin(), reasons.end(),
                            [reason](const ReasonRow& entry) { return matches(entry, reason); });
  if (row.word != "PENDING") return {row.state, with_word(row.plain, row.word), row.blocked};
  if (known != reasons.end()) return {row.state, with_word(known->plain, reason), known->blocked};
  if (reason.empty()) return {row.state, with_word(row.plain, row.word), false};
  return {row.state, "waiting; Slurm says: " + scheduler::excerpt(reason), false};
}

}  // namespace

Meaning read_state(std::string_view state, std::string_view reason) {
  const std::string_view word = state.substr(0, state.find_first_of(" +"));
  auto row = std::find_if(states.begin(), states.end(),
                          [word](const StateRow& entry) { return entry.word == word; });
  if (row == states.end()) {
    return {ElementState::unknown,
            "Slurm says a state that errand does not know: " + scheduler::excerpt(state), false};
  }
  if (row->state == ElementState::waiting) return waiting_for(*row, reason);
  std::string said(word);
  if (row->state == ElementState::ended && !reason.empty() && reason != "None") {
    said += ", " + std::string(reason);
  }
  return {row->state, with_word(row->plain, said), row->blocked};
}

}  // namespace errand::engine::slurm
