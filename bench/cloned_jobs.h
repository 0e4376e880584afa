// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <cstring>
#include <map>

#include "journal/record.h"
#include "measure.h"
#include "share/names.h"

/// Fills a place with finished jobs faster than they could be run: one job is run, and its files are
/// written again under further ids.
namespace bench {

/// The records of a job's file for another id, their checksums made anew; other bytes as they are.
inline std::string with_another_id(const std::string& content, const std::string& from,
                                   const std::string& to) {
  std::string out;
  errand::journal::RecordReader reader(std::as_bytes(std::span(content)));
  while (auto record = reader.next()) {
    std::string body(record->text());
    for (std::size_t at = body.find(from); at != std::string::npos; at = body.find(from, at)) {
      body.replace(at, from.size(), to);
    }
    errand::journal::append_record(out, record->type, body, record->flags);
  }
  return out.size() == content.size() ? out : content;
}

class JobTemplate {
 public:
  /// Runs the job in the place. `program` of a job directory is linked, everything else rewritten.
  JobTemplate(const Workspace& workspace, const std::string& id)
      : jobs_(workspace.place() + "/" + std::string(errand::share::jobs_directory) + "/"), id_(id) {
    for (const auto& entry : std::filesystem::directory_iterator(jobs_ + id_)) {
      std::string name = entry.path().filename().string();
      auto parsed = errand::share::parse_job_file_name(name);
      if (!parsed) continue;
      if (parsed->kind == errand::share::JobFileName::Kind::program) {
        program_ = entry.path().string();
      } else {
        files_[name] = slurp(entry.path().string());
      }
    }
    workspace.stop_agents();  // one that sees a copy before its seal is written takes the job up
  }

  /// Writes the job once more under a new id, made at `time_ns`; gives the id.
  std::string clone(std::int64_t time_ns) {
    std::string id = errand::share::make_job_id(time_ns);
    std::string folder = jobs_ + id;
    if (mkdir(folder.c_str(), 0700) != 0) give_up("no job can be written in " + jobs_);
    for (const auto& [name, content] : files_)
      write_file(folder + "/" + name, with_another_id(content, id_, id));
    if (!program_.empty() && link(program_.c_str(), (folder + "/program").c_str()) != 0) {
      // A file has 65,000 names at most on ext4: the copy takes the further ones.
      std::filesystem::copy_file(program_, folder + "/program");
      program_ = folder + "/program";
    }
    return id;
  }

 private:
  static void write_file(const std::string& path, const std::string& content) {
    int file = open(path.c_str(), O_CREAT | O_WRONLY | O_EXCL | O_CLOEXEC, 0600);
    bool fine =
        file >= 0 && write(file, content.data(), content.size()) == static_cast<ssize_t>(content.size());
    int number = errno;
    close(file);
    if (!fine) give_up(path + " cannot be written: " + std::strerror(number));
  }

  std::string jobs_;
  std::string id_;
  std::string program_;
  std::map<std::string, std::string> files_;
};

/// Waits until the job's directory holds its seal: the agent writes it a moment after the end.
inline void wait_for_seal(const Workspace& workspace, const std::string& id) {
  std::string seal = workspace.place() + "/" + errand::share::job_path(id) + "/seal";
  for (int i = 0; i < 5'000 && !std::filesystem::exists(seal); ++i) usleep(1'000);
  if (!std::filesystem::exists(seal)) give_up("the job is not sealed: " + id);
}

/// A finished job of one trivial task, its artifacts kept; gives its id.
template <class Function>
std::string finished_job(const Workspace& workspace, const Function& function) {
  auto job = must(errand::exec(workspace.context(), function, 1, errand::auto_cleanup(false)));
  must(job.wait());
  wait_for_seal(workspace, job.id());
  return job.id();
}

}  // namespace bench
