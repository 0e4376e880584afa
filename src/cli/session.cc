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

std::string absolute_path(const std::string& path) {
  std::error_code failed;
  std::filesystem::path absolute = std::filesystem::absolute(path, failed);
  return failed ? path : absolute.lexically_normal().string();
}

/// A connection string is a context, too.
Result<ComputeContext> named_context(const std::string& word) {
  if (!is_connection_string(word)) return make_compute_context(word);
  auto base = compute_context_in_force();
  return base ? InDatabase(word, *std::move(base)) : base;
}

/// What --context names, else what is in force; in the place of --share-dir.
Result<ComputeContext> chosen_context(const GlobalOptions& options) {
  auto chosen = options.context ? named_context(*options.context) : compute_context_in_force();
  if (!chosen || !options.share_dir) return chosen;
  if (is_connection_string(*options.share_dir)) return InDatabase(*options.share_dir, *std::move(chosen));
  if (chosen->engine == "database") {
    return Error{ErrorCode::invalid_argument,
                 "--share-dir names a directory, and jobs of this context lie in a database", false,
                 "leave out --share-dir, or give it the database's connection string", 0};
  }
  chosen->share_dir = absolute_path(*options.share_dir);
  return chosen;
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
  Result<ComputeContext> chosen = chosen_context(options);
  if (!chosen) return Error{ErrorCode::invalid_argument, chosen.error().message, false, chosen.error().hint};
  context_ = *std::move(chosen);
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
