// SPDX-License-Identifier: Apache-2.0
#include "cli/session.h"

#include <unistd.h>

#include <cctype>
#include <filesystem>
#include <system_error>

namespace errand::cli {
namespace {

constexpr std::string_view id_prefix = "rxjob_";
constexpr std::size_t id_digits = 26;
constexpr std::string_view crockford = "0123456789abcdefghjkmnpqrstvwxyz";

char lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

ColorMode color_mode(const std::string& word) {
  if (word == "always") return ColorMode::always;
  return word == "never" ? ColorMode::never : ColorMode::automatic;
}

/// A database's connection string is a context, too.
Result<ComputeContext> context_of(const std::string& word) {
  const bool is_uri = word.starts_with("postgresql://") || word.starts_with("postgres://");
  return is_uri ? InDatabase(word, get_compute_context()) : make_compute_context(word);
}

std::string absolute_path(const std::string& path) {
  std::error_code failed;
  std::filesystem::path absolute = std::filesystem::absolute(path, failed);
  return failed ? path : absolute.lexically_normal().string();
}

}  // namespace

bool is_whole_id(std::string_view text) noexcept {
  if (text.size() != id_prefix.size() + id_digits) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = lower(text[i]);
    bool fits = i < id_prefix.size() ? c == id_prefix[i] : crockford.find(c) != std::string_view::npos;
    if (!fits) return false;
  }
  return true;
}

Session::Session() : out_(stdout), err_(stderr) {}

Result<void> Session::open() {
  ColorMode mode = color_mode(options.color);
  out_terminal_ = terminal_of(STDOUT_FILENO, mode);
  err_terminal_ = terminal_of(STDERR_FILENO, mode);
  Channels channels{out_, err_, out_terminal_, err_terminal_};
  report_ = options.json    ? make_json_report(channels)
            : options.quiet ? make_quiet_report(channels)
                            : make_text_report(channels);
  if (options.context) {
    Result<ComputeContext> named = context_of(*options.context);
    if (!named) return Error{ErrorCode::invalid_argument, named.error().message, false, named.error().hint};
    context_ = *std::move(named);
  } else {
    context_ = get_compute_context();
  }
  if (options.share_dir) context_.share_dir = absolute_path(*options.share_dir);
  set_compute_context(context_);
  return {};
}

Result<JobRef> Session::find(const std::string& word, bool for_writing) const {
  // A place that was named is the only one looked at; else the library searches.
  bool place_named = options.context || options.share_dir;
  JobRef named(word, place_named ? resolve_share_dir(context_) : std::string());
  Result<JobRef> found = find_job(named, for_writing);
  bool nowhere =
      !found && (found.error().code == ErrorCode::not_found || found.error().code == ErrorCode::job_missing);
  if (nowhere && is_whole_id(word)) return named;
  return found;
}

}  // namespace errand::cli
