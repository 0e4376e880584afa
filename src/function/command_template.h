// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "errand/error.h"

namespace errand::functions {

/// A program's command line with {index}, {seed} and {job} in it; {{ and }} stand for braces.
class CommandTemplate {
 public:
  CommandTemplate() = default;
  /// Errors: invalid_argument (no words, an unknown {name}, a brace alone).
  static Result<CommandTemplate> parse(const std::vector<std::string>& words);

  /// What {index}, {seed} and {job} stand for.
  struct Values {
    std::uint64_t index = 0;
    std::uint64_t seed = 0;
    std::string_view job;
  };
  [[nodiscard]] std::vector<std::string> expand(const Values& values) const;

 private:
  enum class Name : std::uint8_t { none, index, seed, job };
  /// Text, then what stands behind it.
  struct Piece {
    std::string text;
    Name name = Name::none;
  };
  using Word = std::vector<Piece>;

  static Result<Word> parse_word(std::string_view word);
  static Result<Name> parse_name(std::string_view word, std::string_view name);
  static Error lone_brace(std::string_view word);

  std::vector<Word> words_;
};

}  // namespace errand::functions
