// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "unit/cli/shell.h"

namespace errand::cli {
namespace {

using ::testing::HasSubstr;

const std::vector<std::string> verbs{"exec",    "status",   "results",  "output",    "wait",
                                     "cancel",  "retry",    "jobs",     "cleanup",   "info",
                                     "inspect", "contexts", "database", "launchpad", "doctor"};

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(ERRAND_SOURCE_DIR "/" + path).rdbuf();
  return text.str();
}

/// The long options that `errand VERB --help` names.
std::set<std::string> options_of(const Shell& shell, const std::string& verb) {
  std::string help = shell.run("errand " + verb + " --help").out;
  std::set<std::string> options;
  std::regex option(R"((^|\n)  (-[a-z],)?(--[a-z-]+))");
  for (std::sregex_iterator at(help.begin(), help.end(), option), end; at != end; ++at) {
    options.insert((*at)[3]);
  }
  return options;
}

TEST(Documentation, EveryHelpNamesTheExitCodes) {
  Shell shell;
  for (const std::string& verb : verbs) {
    Ran help = shell.run("errand " + verb + " --help");
    EXPECT_EQ(help.code, 0);
    EXPECT_THAT(help.out, HasSubstr("Exit codes:")) << verb;
  }
}

TEST(Documentation, TheManualKnowsEveryVerbAndOption) {
  Shell shell;
  std::string manual = std::regex_replace(text_of("docs/man/errand.1"), std::regex(R"(\\-)"), "-");
  for (const std::string& verb : verbs) {
    EXPECT_THAT(manual, HasSubstr("\n.SS " + verb + "\n"));
    for (const std::string& option : options_of(shell, verb)) EXPECT_THAT(manual, HasSubstr(option)) << verb;
  }
}

TEST(Documentation, TheManualHasNoWarnings) {
  Shell shell;
  if (shell.run("command -v groff").code != 0) GTEST_SKIP() << "no groff here";
  Ran checked = shell.run("groff -man -Tutf8 -ww -z " ERRAND_SOURCE_DIR "/docs/man/errand.1");
  EXPECT_EQ(checked.err, "");
}

/// What bash offers for the last of some words.
std::string completed(const Shell& shell, const std::string& words) {
  return shell
      .run("source " ERRAND_SOURCE_DIR "/src/cli/completion.bash\nCOMP_WORDS=(" + words +
           ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_errand\necho \" ${COMPREPLY[*]} \"")
      .out;
}

TEST(Completion, KnowsEveryVerbAndOption) {
  Shell shell;
  for (const std::string& verb : verbs) {
    EXPECT_THAT(completed(shell, "errand ''"), HasSubstr(" " + verb + " "));
    std::string offered = completed(shell, "errand " + verb + " --");
    for (const std::string& option : options_of(shell, verb)) {
      EXPECT_THAT(offered, HasSubstr(" " + option + " ")) << verb;
    }
  }
}

TEST(Completion, OffersJobsContextsAndValues) {
  Shell shell;
  std::string id = shell.run("errand exec -- true").line();
  EXPECT_THAT(completed(shell, "errand status rx"), HasSubstr(id));
  EXPECT_THAT(completed(shell, "errand status ''"), HasSubstr(" last "));
  EXPECT_THAT(completed(shell, "errand jobs --context ''"), HasSubstr(" localpar "));
  EXPECT_THAT(completed(shell, "errand jobs --status fin"), HasSubstr(" finished "));
  EXPECT_THAT(completed(shell, "errand exec -- /et"), HasSubstr(" /etc "));
}

}  // namespace
}  // namespace errand::cli
