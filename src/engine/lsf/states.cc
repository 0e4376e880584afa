// SPDX-License-Identifier: Apache-2.0
#include "engine/lsf/states.h"

#include <algorithm>
#include <array>

/// LSF's words and ours: "About job states", "Termination reasons displayed by bacct, bhist and bjobs" and
/// the pending reasons that IBM's documentation shows.
namespace errand::engine::lsf {
namespace {

using scheduler::ElementState;

struct StateRow {
  std::string_view word;
  ElementState state;
  std::string_view plain;
  bool blocked = false;
};
constexpr std::array states{
    StateRow{"PEND", ElementState::waiting, "waiting"},
    StateRow{"PSUSP", ElementState::waiting, "held while waiting: bresume lets it go", true},
    StateRow{"WAIT", ElementState::waiting, "waiting for others of its chunk"},
    StateRow{"PROV", ElementState::waiting, "its node is being made ready"},
    StateRow{"FWD_PEND", ElementState::waiting, "waiting in another cluster"},
    StateRow{"RUN", ElementState::alive, "running"},
    StateRow{"USUSP", ElementState::alive, "suspended by its owner or an administrator"},
    StateRow{"SSUSP", ElementState::alive, "suspended by LSF"},
    StateRow{"UNKWN", ElementState::alive, "its node does not answer"},
    StateRow{"DONE", ElementState::ended, "its processes ended before all tasks were done"},
    StateRow{"EXIT", ElementState::ended, "its processes failed on the node"},
    StateRow{"ZOMBI", ElementState::ended, "killed while its node did not answer"},
};

struct TextRow {
  std::string_view part;  ///< of what LSF says
  std::string_view plain;
  bool blocked = false;
};
constexpr std::array pend_reasons{
    TextRow{"New job is waiting for scheduling", "LSF has not looked at it yet"},
    TextRow{"job array has reached its", "as many elements as allowed run at once"},
    TextRow{"never satisfied", "the job it depends on can no longer end as asked", true},
    TextRow{"ependency condition", "waiting for another job"},
    TextRow{"start time has not yet been reached", "its start time has not come"},
    TextRow{"Not enough", "waiting for free resources"},
    TextRow{"Job slot limit reached", "waiting for free resources"},
    TextRow{"requirements not satisfied", "waiting for free resources"},
    TextRow{"equirement for resource reservation not satisfied", "waiting for free resources"},
    TextRow{"no suitable hosts", "no node can fulfil what it asks for", true},
    TextRow{"job slot limit", "a limit of its user, queue or project is reached"},
    TextRow{"queue has been closed", "the queue is closed"},
    TextRow{"queue is inactivated", "the queue starts no jobs now"},
    TextRow{"queue has been inactivated", "the queue starts no jobs now"},
    TextRow{"suspended", "held while waiting: bresume lets it go", true},
};
constexpr std::array exit_reasons{
    TextRow{"TERM_ADMIN", "ended by an administrator of LSF"},
    TextRow{"TERM_BUCKET_KILL", "canceled in LSF, not by errand"},
    TextRow{"TERM_CHKPNT", "ended after a checkpoint"},
    TextRow{"TERM_CPULIMIT", "its limit of CPU time was reached"},
    TextRow{"TERM_CWD_NOTEXIST", "its working directory is not there"},
    TextRow{"TERM_DEADLINE", "its deadline passed"},
    TextRow{"TERM_EXTERNAL_SIGNAL", "ended by a signal from outside LSF"},
    TextRow{"TERM_FORCE_ADMIN", "ended by an administrator of LSF"},
    TextRow{"TERM_FORCE_OWNER", "canceled in LSF, not by errand"},
    TextRow{"TERM_LOAD", "ended because its node was overloaded"},
    TextRow{"TERM_MEMLIMIT", "out of memory"},
    TextRow{"TERM_ORPHAN_SYSTEM", "the job it depends on can no longer end as asked"},
    TextRow{"TERM_OWNER", "canceled in LSF, not by errand"},
    TextRow{"TERM_PREEMPT", "displaced by a job of higher priority"},
    TextRow{"TERM_PROCESSLIMIT", "its limit of processes was reached"},
    TextRow{"TERM_REMOVE_HUNG_JOB", "removed from LSF because it hung"},
    TextRow{"TERM_REQUEUE", "put back into the queue"},
    TextRow{"TERM_RUNLIMIT", "its time limit was reached"},
    TextRow{"TERM_SWAP", "out of memory"},
    TextRow{"TERM_THREADLIMIT", "its limit of threads was reached"},
    TextRow{"TERM_WINDOW", "its queue closed"},
    TextRow{"TERM_ZOMBIE", "its node was lost"},
};

template <std::size_t count>
const TextRow* find_row(const std::array<TextRow, count>& rows, std::string_view text) {
  auto row = std::find_if(rows.begin(), rows.end(), [text](const TextRow& entry) {
    return text.find(entry.part) != std::string_view::npos;
  });
  return row == rows.end() ? nullptr : &*row;
}

std::string with_word(std::string_view plain, std::string_view word, std::string_view detail) {
  std::string said(plain);
  said += " (" + std::string(word);
  if (!detail.empty()) said += ", " + scheduler::excerpt(detail);
  return said + ")";
}

Meaning waiting_for(const StateRow& row, std::string_view reason) {
  while (!reason.empty() && (reason.back() == ';' || reason.back() == ' ')) reason.remove_suffix(1);
  const TextRow* known = row.word == "PEND" ? find_row(pend_reasons, reason) : nullptr;
  if (known != nullptr) return {row.state, with_word(known->plain, row.word, reason), known->blocked};
  return {row.state, with_word(row.plain, row.word, reason), row.blocked};
}

Meaning ended_by(const StateRow& row, const Said& said) {
  const TextRow* known = find_row(exit_reasons, said.exit_reason);
  std::string detail(said.exit_reason.substr(0, said.exit_reason.find(':')));
  const bool failed = !said.exit_code.empty() && said.exit_code != "-" && said.exit_code != "0";
  if (failed) detail += (detail.empty() ? "exit " : ", exit ") + std::string(said.exit_code);
  std::string_view plain = known != nullptr ? known->plain : row.plain;
  if (known == nullptr && said.exit_code == "127") plain = "the errand command was not found on its node";
  return {row.state, with_word(plain, row.word, detail), row.blocked};
}

}  // namespace

Meaning read_state(const Said& said) {
  auto row = std::find_if(states.begin(), states.end(),
                          [&said](const StateRow& entry) { return entry.word == said.state; });
  if (row == states.end()) {
    return {ElementState::unknown,
            "LSF says a state that errand does not know: " + scheduler::excerpt(said.state), false};
  }
  if (row->state == ElementState::waiting) return waiting_for(*row, said.pend_reason);
  if (row->state == ElementState::ended) return ended_by(*row, said);
  return {row->state, with_word(row->plain, row->word, ""), row->blocked};
}

}  // namespace errand::engine::lsf
