// SPDX-License-Identifier: Apache-2.0
#include "cli/report.h"

#include "cli/command_words.h"
#include "cli/visible_text.h"
#include "errand/encoding.h"

namespace errand::cli {
namespace {

constexpr std::size_t tail_length = 6;

std::optional<ProgramResult> decoded_end(Codec codec, const Buffer& bytes) {
  if (codec != Codec::program) return std::nullopt;
  std::shared_ptr<const void> nobody;
  auto end = decode_value<ProgramResult>({codec, bytes.bytes(), nobody});
  return end ? std::optional(*end) : std::nullopt;
}

}  // namespace

std::string id_tail(std::string_view id) {
  return std::string(id.size() > tail_length ? id.substr(id.size() - tail_length) : id);
}

std::string error_text(const Error& failure, bool color) {
  Error error = in_command_words(failure);
  std::string text = painted("errand:", Paint::red, color) + " " + visible(error.message) + "\n";
  if (!error.hint.empty()) text += "  " + visible(error.hint) + "\n";
  return text;
}

std::optional<ProgramResult> program_end(const TaskLine& line) {
  if (line.value != nullptr) return decoded_end(line.value->codec, line.value->bytes);
  if (line.failure != nullptr) return decoded_end(line.failure->native_codec, line.failure->native);
  return std::nullopt;
}

}  // namespace errand::cli
