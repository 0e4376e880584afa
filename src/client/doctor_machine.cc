// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "client/findings.h"
#include "client/open_place.h"
#include "engine/local/agent_process.h"
#include "share/names.h"
#include "system/process_table.h"
#include "system/try.h"

namespace errand::client {
namespace {

/// An agent with a worker for each of many cores holds a handful of files for each.
constexpr std::uint64_t enough_files = 1024;
/// One for the agent, one for each process that waits for a job.
constexpr std::uint64_t enough_watchers = 16;

/// The last existing directory on the way to a path.
std::string existing_parent(std::string path) {
  while (path.size() > 1 && !system::outside_file_info(path))
    path.erase(std::max<std::size_t>(path.rfind('/'), 1));
  return path;
}

/// Writes, syncs, locks and removes a file of its own.
Result<void> probe(system::Files& files, const std::string& directory) {
  const std::string name =
      (directory.empty() ? "" : directory + "/") + ".doctor-" + share::make_job_id(0).substr(16);
  TRY(auto file, files.create(name));
  const std::byte one{1};
  Result<void> written = file->append({&one, 1});
  if (written) written = file->sync();
  Result<bool> locked = file->try_lock();
  Result<void> removed = files.remove(name);
  if (!written) return written;
  if (!locked) return std::move(locked).error();
  return removed;
}

void examine_absent(const std::string& path, Findings& findings) {
  const std::string parent = existing_parent(path);
  Result<std::shared_ptr<system::Files>> files = system::open_directory(parent);
  Result<void> probed = files ? probe(**files, "") : Result<void>(files.error());
  if (probed) {
    findings.good("place", path + " is not there yet; the first submission makes it");
  } else {
    findings.wrong("place", path + " cannot be made: " + probed.error().message,
                   "choose another share directory with --share-dir or ERRAND_SHARE_DIR");
  }
}

void examine_agent(share::Place& place, Findings& findings) {
  const bool up = engine::local::agent_is_up(place);
  findings.good("agent", up ? "one is up for this place" : "none is up: there is one while there is work");
}

std::optional<std::uint64_t> number_at(std::string_view text, std::size_t at) {
  at = text.find_first_of("0123456789", at);
  std::uint64_t number = 0;
  if (at == std::string_view::npos) return std::nullopt;
  auto parsed = std::from_chars(text.data() + at, text.data() + text.size(), number);
  return parsed.ec == std::errc() ? std::optional(number) : std::nullopt;
}

void examine_limits(Findings& findings) {
  const std::optional<std::string> limits = system::read_proc("/proc/self/limits");
  if (!limits) return findings.wrong("machine", "/proc cannot be read", "errand needs /proc: mount it");
  findings.good("machine", "/proc can be read");
  const std::size_t line = limits->find("Max open files");
  const auto files = line == std::string::npos ? std::nullopt : number_at(*limits, line);
  if (files && *files < enough_files)
    findings.notable(
        "limits", "a process may open " + counted(*files, "file"),
        fmt::format("raise it before submitting many tasks at once: ulimit -n {}", enough_files));
}

void examine_watchers(Findings& findings) {
  const auto text = system::read_proc("/proc/sys/fs/inotify/max_user_instances");
  const auto most = text ? number_at(*text, 0) : std::nullopt;
  if (most && *most < enough_watchers)
    findings.notable("inotify", "a user may watch with " + counted(*most, "process", "processes") + " only",
                     "have root raise it: sysctl fs.inotify.max_user_instances=128");
}

void examine_watch(share::Place& place, Findings& findings) {
  auto watch = place.files().watch();
  Result<void> added = watch ? (*watch)->add("") : Result<void>(watch.error());
  if (!added) return findings.wrong("inotify", added.error());
  if (place.files().is_network()) {
    findings.notable("place",
                     "it is on a network file system, which tells nobody of changes: waiters look up to "
                     "once a second");
  } else if ((*watch)->descriptor() < 0) {
    findings.notable("inotify", "no watch is left: waiters look up to once a second",
                     "end what watches, or have root raise fs.inotify.max_user_instances");
  } else {
    findings.good("inotify", "waiters are told of changes");
  }
}

}  // namespace

void examine_directory(const std::string& path, Findings& findings) {
  if (is_absent(path)) return examine_absent(path, findings);
  auto place = open_place(path, false);
  if (!place) return findings.wrong("place", place.error());
  if (Result<void> probed = probe((*place)->files(), std::string(share::staging_directory)); !probed) {
    findings.wrong("place", path + " cannot be written: " + probed.error().message, probed.error().hint);
  } else {
    findings.good("place", path + " can be written");
  }
  examine_watch(**place, findings);
  examine_agent(**place, findings);
}

void examine_machine(Findings& findings) {
  if (auto command = engine::local::find_agent_command()) {
    findings.good("command", "agents run " + *command);
  } else {
    findings.wrong("command", command.error());
  }
  examine_limits(findings);
  examine_watchers(findings);
}

}  // namespace errand::client
