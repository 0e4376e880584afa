// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "cli/text_report.h"

namespace errand::cli {
namespace {

std::string file_text(const std::string& title, const std::vector<std::string>& lines) {
  if (lines.empty()) return "";
  std::string text = title + "\n";
  for (const std::string& line : lines) text += "  " + line + "\n";
  return text;
}

/// What is left to the server's administrator: no role may write these files by SQL.
std::string access_text(const DatabaseSetupReport& report) {
  if (report.hba.empty() && report.ident.empty()) return "";
  const char* verb = report.access_is_known ? "lacks" : "should have";
  return fmt::format("For a launchpad under the users errand-lp and errand-w1 ... on the server's host\n") +
         file_text(fmt::format("pg_hba.conf {}, before all other lines", verb), report.hba) +
         file_text(fmt::format("pg_ident.conf {}", verb), report.ident) +
         "and then: select pg_reload_conf()\n";
}

std::string commented(const std::string& text) {
  std::string lines;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines += "-- " + text.substr(begin, end - begin) + "\n";
    begin = end + 1;
  }
  return lines;
}

}  // namespace

void TextReport::database_ready(const DatabaseSetupReport& report) {
  std::string text = fmt::format("{}: {}\n", report.database,
                                 report.done.empty() ? "everything was there" : "is ready; now");
  for (const std::string& sentence : report.done) text += "  " + sentence + "\n";
  print(visible(text + access_text(report)));
}

void TextReport::database_previewed(const DatabaseSetupReport& report) {
  print(report.sql.empty() ? "-- Everything is there.\n" : report.sql);
  print(commented(access_text(report)));
}

}  // namespace errand::cli
