// SPDX-License-Identifier: Apache-2.0
#include "function/command_template.h"

#include <utility>

#include "system/try.h"

namespace errand::functions {
namespace {

constexpr const char* hint = "write {{ and }} for braces";

}  // namespace

Error CommandTemplate::lone_brace(std::string_view word) {
  return {ErrorCode::invalid_argument, "a brace in \"" + std::string(word) + "\" stands alone", false, hint,
          0};
}

Result<CommandTemplate::Name> CommandTemplate::parse_name(std::string_view word, std::string_view name) {
  if (name == "index") return Name::index;
  if (name == "seed") return Name::seed;
  if (name == "job") return Name::job;
  return Error{ErrorCode::invalid_argument,
               "unknown name {" + std::string(name) + "} in \"" + std::string(word) +
                   "\"; known are {index}, {seed} and {job}",
               false, hint, 0};
}

Result<CommandTemplate::Word> CommandTemplate::parse_word(std::string_view word) {
  Word pieces;
  Piece piece;
  for (std::size_t at = 0; at < word.size(); ++at) {
    char c = word[at];
    bool brace = c == '{' || c == '}';
    bool doubled = brace && at + 1 < word.size() && word[at + 1] == c;
    if (!brace || doubled) {
      piece.text.push_back(c);
      at += doubled ? 1 : 0;
      continue;
    }
    std::size_t end = word.find('}', at);
    if (c == '}' || end == word.npos) return lone_brace(word);
    TRY(piece.name, parse_name(word, word.substr(at + 1, end - at - 1)));
    pieces.push_back(std::exchange(piece, {}));
    at = end;
  }
  if (!piece.text.empty()) pieces.push_back(std::move(piece));
  return pieces;
}

Result<CommandTemplate> CommandTemplate::parse(const std::vector<std::string>& words) {
  if (words.empty() || words.front().empty()) {
    return Error{ErrorCode::invalid_argument, "there is no program to run", false, {}, 0};
  }
  CommandTemplate command;
  for (const std::string& word : words) {
    TRY(Word parsed, parse_word(word));
    command.words_.push_back(std::move(parsed));
  }
  return command;
}

std::vector<std::string> CommandTemplate::expand(const Values& values) const {
  std::vector<std::string> argv;
  argv.reserve(words_.size());
  for (const Word& word : words_) {
    std::string& text = argv.emplace_back();
    for (const Piece& piece : word) {
      text += piece.text;
      if (piece.name == Name::index) text += std::to_string(values.index);
      if (piece.name == Name::seed) text += std::to_string(values.seed);
      if (piece.name == Name::job) text += values.job;
    }
  }
  return argv;
}

}  // namespace errand::functions
