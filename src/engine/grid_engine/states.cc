// SPDX-License-Identifier: Apache-2.0
#include "engine/grid_engine/states.h"

#include <algorithm>
#include <array>

/// Grid Engine's letters and numbers and ours: sge_status(5), and what a real cell was seen to print.
namespace errand::engine::grid_engine {
namespace {

using scheduler::ElementState;

struct LetterRow {
  char letter;
  std::string_view plain;
  bool blocked = false;
};
/// Of an element that waits (q or w); the first row with a letter of the state counts.
constexpr std::array pending_rows{
    LetterRow{'d', "being deleted"},
    LetterRow{'E', "it could not be started: qstat -j says why, qmod -cj has it tried again", true},
    LetterRow{'h', "held: qrls lets it go", true},
    LetterRow{'R', "put back into the queue"},
    LetterRow{'q', "waiting for free slots"},
    LetterRow{'w', "waiting for free slots"},
};
/// Of an element that has a node.
constexpr std::array placed_rows{
    LetterRow{'d', "being deleted"},
    LetterRow{'s', "suspended"},
    LetterRow{'S', "suspended with its queue"},
    LetterRow{'T', "suspended because its node is overloaded"},
    LetterRow{'N', "suspended, its slots given to others"},
    LetterRow{'P', "suspended for a job of higher priority"},
    LetterRow{'t', "being started"},
    LetterRow{'r', "running"},
};
constexpr std::string_view known_letters = "dEhNPqRrsSTtw";
constexpr std::string_view placed_letters = "rtsSTNP";

struct FailureRow {
  std::uint32_t code;
  std::string_view plain;
};
constexpr std::array failure_rows{
    FailureRow{1, "it could not be started on its node"},
    FailureRow{3, "it could not be started on its node"},
    FailureRow{4, "it could not be started on its node"},
    FailureRow{5, "it could not be started on its node"},
    FailureRow{7, "it could not be started on its node"},
    FailureRow{8, "the site's prolog failed"},
    FailureRow{9, "its parallel environment could not be started"},
    FailureRow{10, "its parallel environment could not be started"},
    FailureRow{11, "it could not be started on its node"},
    FailureRow{12, "its parallel environment could not be ended"},
    FailureRow{13, "its parallel environment could not be ended"},
    FailureRow{14, "the site's epilog failed"},
    FailureRow{15, "the site's epilog failed"},
    FailureRow{17, "ended by a signal, as qdel sends"},
    FailureRow{18, "Grid Engine lost it on its node"},
    FailureRow{19, "its node may have crashed"},
    FailureRow{20, "Grid Engine lost it on its node"},
    FailureRow{21, "Grid Engine lost it on its node"},
    FailureRow{24, "moved to another node"},
    FailureRow{25, "put back into the queue, and deleted there"},
    FailureRow{26, "the file for its output could not be opened"},
    FailureRow{27, "its node has no such shell"},
    FailureRow{28, "its working directory is not there"},
    FailureRow{30, "its processes ended with the exit code 100"},
    FailureRow{36, "its node's daemon is not set up"},
    FailureRow{37, "its time limit was reached"},
    FailureRow{38, "it could not be started on its node"},
    FailureRow{100, "ended by a signal, as qdel sends and a limit that is reached"},
};

bool has(std::string_view letters, char one) {
  return letters.find(one) != std::string_view::npos;
}

std::string with_letters(std::string_view plain, std::string_view word) {
  return std::string(plain) + " (" + scheduler::excerpt(word) + ")";
}

Meaning unknown_state(std::string_view letters) {
  return {ElementState::unknown,
          "Grid Engine says a state that errand does not know: " + scheduler::excerpt(letters), false};
}

template <std::size_t count>
Meaning first_row(const std::array<LetterRow, count>& rows, std::string_view letters, ElementState state) {
  auto row = std::find_if(rows.begin(), rows.end(),
                          [letters](const LetterRow& entry) { return has(letters, entry.letter); });
  if (row == rows.end()) return unknown_state(letters);
  return {state, with_letters(row->plain, letters), row->blocked};
}

std::string_view plain_exit(std::uint32_t exit_status) {
  if (exit_status == 127) return "the errand command was not found on its node";
  if (exit_status == 126) return "the errand command cannot be run on its node";
  return "its processes ended before all tasks were done";
}

}  // namespace

Meaning read_state(std::string_view letters, bool depends) {
  if (letters == "z") return {ElementState::ended, with_letters("ended", letters), false};
  if (letters.empty() || letters.find_first_not_of(known_letters) != std::string_view::npos) {
    return unknown_state(letters);
  }
  if (!has(letters, 'q') && !has(letters, 'w')) {
    const bool placed = letters.find_first_of(placed_letters) != std::string_view::npos;
    return placed ? first_row(placed_rows, letters, ElementState::alive) : unknown_state(letters);
  }
  const bool only_waits = depends && has(letters, 'h') && !has(letters, 'E') && !has(letters, 'd');
  if (only_waits) return {ElementState::waiting, with_letters("waiting for another job", letters), false};
  return first_row(pending_rows, letters, ElementState::waiting);
}

std::string read_end(std::uint32_t failed, std::string_view text, std::uint32_t exit_status) {
  auto row = std::find_if(failure_rows.begin(), failure_rows.end(),
                          [failed](const FailureRow& entry) { return entry.code == failed; });
  const std::string code = ", exit " + std::to_string(exit_status);
  if (failed == 0) return std::string(plain_exit(exit_status)) + " (failed 0" + code + ")";
  std::string own = "failed " + std::to_string(failed);
  if (!text.empty()) own += ", " + scheduler::excerpt(text);
  const std::string_view plain = row == failure_rows.end() ? "Grid Engine could not run it" : row->plain;
  return std::string(plain) + " (" + own + code + ")";
}

}  // namespace errand::engine::grid_engine
