// SPDX-License-Identifier: Apache-2.0
#include "cli/usage_error.h"

#include <algorithm>
#include <string>
#include <vector>

#include "cli/argument_secrets.h"

namespace errand::cli {
namespace {

std::string verb_of(const CLI::App& app) {
  auto verbs = app.get_subcommands();
  return verbs.empty() ? std::string() : verbs[0]->get_name();
}

std::string help_hint(const std::string& verb) {
  return verb.empty() ? "errand --help lists the verbs" : "errand " + verb + " --help";
}

/// The words the parser could not place; an unknown option says more than the words around it.
std::string strangest(const std::vector<std::string>& words) {
  auto option =
      std::find_if(words.begin(), words.end(), [](const std::string& w) { return w.starts_with('-'); });
  return option != words.end() ? *option : words.front();
}

}  // namespace

Error usage_error(const CLI::App& app, const CLI::ParseError& failure) {
  std::string verb = verb_of(app);
  std::vector<std::string> strange = app.remaining(true);
  Error error{ErrorCode::invalid_argument, failure.what(), false, help_hint(verb)};
  if (strange.empty()) {
    if (verb.empty() && failure.get_name() == "RequiredError") error.message = "a verb is missing";
    return error;
  }
  std::string word = shown_argument(strangest(strange));
  if (word.starts_with('-')) {
    error.message = "unknown option " + word;
  } else if (verb.empty()) {
    error.message = "unknown verb '" + word + "'";
  } else {
    error.message = "'" + word + "' is not expected here";
    if (verb == "exec") error.hint = "the program stands after two dashes: errand exec -- " + word;
  }
  return error;
}

Error misplaced_program(const CLI::App& app) {
  return {ErrorCode::invalid_argument, "only exec takes a program after --", false, help_hint(verb_of(app))};
}

}  // namespace errand::cli
