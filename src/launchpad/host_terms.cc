// SPDX-License-Identifier: Apache-2.0
#include "launchpad/host_terms.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "journal/record.h"
#include "share/place.h"
#include "system/try.h"

namespace errand::launchpad {
namespace {

constexpr std::string_view default_path = "/usr/local/bin:/usr/bin:/bin";
constexpr std::array<std::string_view, 7> of_the_submitter{
    "HOME", "USER", "LOGNAME", "SHELL", "XDG_STATE_HOME", "XDG_CONFIG_HOME", share::launchpad_variable};

/// A limit of 0 is none.
template <class T>
T smaller_limit(T one, T other) {
  if (one == T{0}) return other;
  return other == T{0} ? one : std::min(one, other);
}

std::string_view name_of(std::string_view entry) {
  return entry.substr(0, entry.find('='));
}

bool is_among(std::string_view name, const std::vector<std::string>& entries) {
  return std::ranges::find(entries, name, name_of) != entries.end();
}

/// libpq's variables are ours, but for those that the context names itself and that do not say how a task
/// connects as its submitter: a file of passwords or services for other databases.
bool is_replaced(std::string_view name, const ComputeContext& context, const HostTerms& terms) {
  if (name.starts_with("PG")) return !is_among(name, context.environment) || is_among(name, terms.connection);
  if (name == "TMPDIR") return !terms.temporary.empty();
  return std::find(of_the_submitter.begin(), of_the_submitter.end(), name) != of_the_submitter.end();
}

std::vector<std::string> environment_here(const share::Manifest& manifest, const HostTerms& terms) {
  std::vector<std::string> environment;
  bool has_path = false;
  for (const std::string& entry : manifest.environment) {
    if (is_replaced(name_of(entry), manifest.context, terms)) continue;
    has_path = has_path || name_of(entry) == "PATH";
    environment.push_back(entry);
  }
  if (!has_path) environment.push_back("PATH=" + std::string(default_path));
  environment.push_back("HOME=" + terms.home);
  environment.push_back("USER=" + terms.user);
  environment.push_back("LOGNAME=" + terms.user);
  if (!terms.temporary.empty()) environment.push_back("TMPDIR=" + terms.temporary);
  environment.insert(environment.end(), terms.connection.begin(), terms.connection.end());
  return environment;
}

/// Not access(2): that would answer for this process.
bool may_search(const struct stat& status, const HostTerms& terms) {
  if (status.st_uid == terms.uid) return (status.st_mode & S_IXUSR) != 0;
  if (status.st_gid == terms.gid) return (status.st_mode & S_IXGRP) != 0;
  return (status.st_mode & S_IXOTH) != 0;
}

bool may_enter(const std::string& path, const HostTerms& terms) {
  if (path.empty() || path[0] != '/') return false;
  for (std::size_t end = 1; end != std::string::npos;) {
    end = path.find('/', end);
    struct stat status {};
    if (stat(path.substr(0, end).c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return false;
    if (!may_search(status, terms)) return false;
    if (end != std::string::npos) ++end;
  }
  return true;
}

std::string in_search_path(std::string_view name) {
  const char* search = std::getenv("PATH");
  std::string_view rest = search == nullptr ? default_path : search;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    std::string candidate = std::string(rest.substr(0, end)) + "/" + std::string(name);
    if (candidate[0] == '/' && access(candidate.c_str(), X_OK) == 0) return candidate;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {};
}

/// The submitter's interpreter lies where its own machine has it: here it may be elsewhere.
void find_interpreter(std::vector<std::string>& argv, const std::string& language) {
  if (argv.empty() || argv[0].empty() || argv[0][0] != '/' || access(argv[0].c_str(), X_OK) == 0) return;
  std::string found = in_search_path(argv[0].substr(argv[0].rfind('/') + 1));
  if (found.empty() && language == "python") found = in_search_path("python3");
  if (!found.empty()) argv[0] = found;
}

}  // namespace

std::string working_directory(const std::string& wanted, const HostTerms& terms) {
  return may_enter(wanted, terms) ? wanted : terms.home;
}

share::Manifest on_this_host(share::Manifest manifest, const HostTerms& terms) {
  ComputeContext& context = manifest.context;
  context.engine = "local";
  context.share_dir = terms.share_dir;
  context.cores = context.cores > 0 ? std::min(context.cores, terms.workers) : terms.workers;
  context.task_memory_limit = smaller_limit(context.task_memory_limit, terms.memory);
  context.task_time_limit = smaller_limit(context.task_time_limit, terms.time_limit);
  manifest.submitter = terms.process;
  // One that the context names is asked for: without it the tasks fail, and say so.
  if (context.working_directory.empty())
    manifest.working_directory = working_directory(manifest.working_directory, terms);
  manifest.environment = environment_here(manifest, terms);
  find_interpreter(manifest.worker.argv, manifest.language);
  return manifest;
}

Result<HostHead> rewrite_head(std::string_view head, const std::string& id, const HostTerms& terms) {
  journal::RecordReader reader(std::as_bytes(std::span(head.data(), head.size())));
  const auto first = reader.next();
  const auto second = first ? reader.next() : std::nullopt;
  if (!second || second->type != journal::RecordType::manifest) {
    return Error{ErrorCode::corrupt, "the job file of " + id + " has no manifest", false, "", 0};
  }
  TRY(journal::FileHeader header, journal::parse_file_header(*first, "job"));
  HostHead rewritten;
  TRY(rewritten.original, share::decode_manifest(second->text()));
  if (rewritten.original.id != id || header.job != id) {
    return Error{ErrorCode::corrupt, "the job file of " + id + " is that of another job", false, "", 0};
  }
  journal::append_file_header(rewritten.bytes, header);
  journal::append_record(rewritten.bytes, journal::RecordType::manifest,
                         encode(on_this_host(rewritten.original, terms)), journal::must_understand);
  rewritten.replaces = reader.good_end();
  return rewritten;
}

}  // namespace errand::launchpad
