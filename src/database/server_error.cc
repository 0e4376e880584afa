// SPDX-License-Identifier: Apache-2.0
#include "database/server_error.h"

#include <string>

namespace errand::database {
namespace {

struct Meaning {
  std::string_view sqlstate;  ///< whole, or its class of two characters
  ErrorCode code;
  bool transient;
  std::string_view hint;
};

constexpr std::string_view not_set_up =
    "errand database init prepares a database; its --user gives a role the right to submit";

// The first that fits counts. https://www.postgresql.org/docs/15/errcodes-appendix.html
constexpr Meaning meanings[] = {
    {"23505", ErrorCode::exists, false, ""},
    {"23503", ErrorCode::not_found, false, ""},
    {"42501", ErrorCode::place_unwritable, false, not_set_up},
    {"3F000", ErrorCode::place_unreadable, false, not_set_up},
    {"42P01", ErrorCode::place_unreadable, false, not_set_up},
    {"53100", ErrorCode::no_space, true,
     "have the database's administrator make room on its disk; what removed jobs took is free after a "
     "vacuum"},
    {"53", ErrorCode::system, true, "the server is short of something; try again later"},
    {"57014", ErrorCode::timeout, true, "the statement was canceled, or ran into statement_timeout"},
    {"57", ErrorCode::place_unreadable, true, "the server is being stopped or restarted"},
    {"40", ErrorCode::system, true, "try again"},
    {"55", ErrorCode::system, true, "try again"},
    {"25006", ErrorCode::place_unwritable, false, "the server, or this session, is read-only"},
};

std::string trimmed(std::string_view words) {
  while (!words.empty() && (words.back() == '\n' || words.back() == ' ')) words.remove_suffix(1);
  std::string line;
  for (char c : words) {
    const bool is_blank = c == '\n' || c == '\t' || c == ' ';
    if (!is_blank) line.push_back(c);
    if (is_blank && !line.ends_with(' ')) line.push_back(' ');
  }
  return line;
}

bool has(std::string_view words, std::string_view part) {
  return words.find(part) != std::string_view::npos;
}

/// A server that is down, or starting, may be there again soon; a wrong password stays wrong.
bool may_pass(std::string_view words) {
  return has(words, "Connection refused") || has(words, "starting up") ||
         has(words, "not yet accepting connections") || has(words, "shutting down") ||
         has(words, "recovery mode") || has(words, "too many clients") ||
         has(words, "remaining connection slots") || has(words, "No such file or directory") ||
         has(words, "closed the connection") || has(words, "timeout expired") ||
         has(words, "could not receive data");
}

/// What errand knows comes first; the server, and above all the schema's own functions, may know more.
std::string both_hints(std::string_view ours, std::string_view servers) {
  const std::string theirs = trimmed(servers);
  if (ours.empty() || theirs.empty()) return std::string(ours) + theirs;
  return std::string(ours) + "; PostgreSQL's hint: " + theirs;
}

}  // namespace

Error server_error(std::string_view sqlstate, std::string_view words, std::string_view hint) {
  const std::string message = "PostgreSQL says: " + trimmed(words) +
                              (sqlstate.empty() ? "" : " (SQLSTATE " + std::string(sqlstate) + ")");
  for (const Meaning& meaning : meanings) {
    if (!sqlstate.starts_with(meaning.sqlstate)) continue;
    return {meaning.code, message, meaning.transient, both_hints(meaning.hint, hint), 0};
  }
  return {ErrorCode::system, message, false, trimmed(hint), 0};
}

Error session_lost(std::string_view words) {
  return {ErrorCode::place_unreadable, "the connection to the database was lost: " + trimmed(words), true,
          "nothing that was acknowledged is lost; try again", 0};
}

Error cannot_connect(std::string_view place, std::string_view words) {
  return {ErrorCode::place_unreadable, "no connection to " + std::string(place) + ": " + trimmed(words),
          may_pass(words), "check that the server is up and that user, password and database are right", 0};
}

}  // namespace errand::database
