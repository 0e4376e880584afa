// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "errand/errand.h"
#include "journal/log_writer.h"
#include "journal/values_writer.h"
#include "share/job_directory.h"
#include "share/place.h"
#include "share/progress_page.h"
#include "share/sealing.h"
#include "system/processes.h"

namespace errand::client {

/// A place on disk with jobs written by hand, seen as another host's: no verb starts an agent for them.
class ClientTest : public ::testing::Test {
 protected:
  ClientTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "errand-client-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    set("XDG_STATE_HOME", root_ + "/state");
    set("XDG_CONFIG_HOME", root_ + "/config");
    set("ERRAND_SHARE_DIR", root_ + "/share");
    place = make_place(root_ + "/share");
  }
  ~ClientTest() override {
    place.reset();
    std::filesystem::remove_all(root_);
    for (const auto& [name, value] : before_) {
      value ? ::setenv(name.c_str(), value->c_str(), 1) : ::unsetenv(name.c_str());
    }
  }

  void set(const std::string& name, const std::string& value) {
    const char* old = ::getenv(name.c_str());
    before_.try_emplace(name, old != nullptr ? std::optional<std::string>(old) : std::nullopt);
    ::setenv(name.c_str(), value.c_str(), 1);
  }

  static std::shared_ptr<share::Place> make_place(const std::string& path) {
    auto opened = share::Place::open(path, true);
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    return *opened;
  }

  share::Manifest manifest() const {
    share::Manifest manifest;
    manifest.created_ns = place->clock().now_ns();
    manifest.id = share::make_job_id(manifest.created_ns);
    manifest.function = "area";
    manifest.user = "ada";
    manifest.context.share_dir = place->path();
    manifest.context.auto_cleanup = false;
    manifest.submitter.host = "elsewhere";
    return manifest;
  }

  JobRef publish(const share::Manifest& manifest, std::uint64_t tasks) const {
    share::JobFileBuilder builder(manifest);
    builder.bare_tasks(tasks);
    if (!manifest.growing) builder.close();
    auto published = share::publish_job(*place, manifest, builder.take());
    EXPECT_TRUE(published.ok()) << published.error().message;
    return {manifest.id, place->path()};
  }
  JobRef publish(std::uint64_t tasks) const { return publish(manifest(), tasks); }

  std::unique_ptr<share::JobDirectory> open(const JobRef& job) const {
    auto opened = share::JobDirectory::open(place, job.id());
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    return *std::move(opened);
  }

  [[nodiscard]] std::string directory(const JobRef& job) const {
    return place->files().absolute(share::job_path(job.id()));
  }
  [[nodiscard]] bool exists(const JobRef& job) const { return std::filesystem::exists(directory(job)); }

  /// A worker's log; what it records counts as written by the worker of that key.
  struct Worker {
    share::WorkerKey key;
    std::unique_ptr<journal::LogWriter> log;
    std::vector<std::string> kept;  ///< bytes that outcomes refer to

    void value(std::uint64_t task, const std::string& text, std::uint32_t attempt = 0,
               std::optional<journal::ConsoleSpan> console = {}) {
      journal::Outcome outcome;
      outcome.task = task;
      outcome.attempt = attempt;
      outcome.codec = Codec::raw;
      outcome.console = console;
      outcome.inline_bytes = std::as_bytes(std::span(text));
      log->add(outcome);
    }
    void failure(std::uint64_t task, const std::string& message, std::uint32_t attempt = 0,
                 FailureCause cause = FailureCause::user_error) {
      TaskFailure failed;
      failed.type = "std::runtime_error";
      failed.message = message;
      const std::string bytes = journal::encode_failure(failed);
      journal::Outcome outcome;
      outcome.task = task;
      outcome.attempt = attempt;
      outcome.cause = cause;
      outcome.codec = Codec::msgpack;
      outcome.inline_bytes = std::as_bytes(std::span(bytes));
      log->add(outcome);
    }
    void sync() { EXPECT_TRUE(log->sync().ok()); }
  };

  Worker worker(const JobRef& job, std::uint32_t number = 1, std::uint32_t generation = 1) const {
    Worker made;
    made.key = {0, generation, number};
    auto claimed = open(job);
    if (claimed->generation(0) < generation) {
      EXPECT_TRUE(claimed->add_claim(0, generation, {}).ok());
    }
    auto file = place->files().create(share::job_path(job.id()) + "/" + log_name(made.key));
    EXPECT_TRUE(file.ok());
    made.log = std::make_unique<journal::LogWriter>(*std::move(file));
    journal::FileHeader header;
    header.kind = "log";
    header.job = job.id();
    header.generation = generation;
    header.worker = number;
    made.log->add_file_header(header);
    return made;
  }

  void console(const JobRef& job, const share::WorkerKey& key, std::string_view text) const {
    std::ofstream(directory(job) + "/" + console_name(key), std::ios::app) << text;
  }

  /// The page of a worker that is this very process.
  void page(const JobRef& job, const share::WorkerKey& key, std::uint64_t succeeded, std::uint64_t failed,
            std::optional<std::uint64_t> current) const {
    const std::string path = share::job_path(job.id()) + "/" + progress_name(key);
    (void)place->files().remove(path);  // of an earlier call
    auto file = place->files().create(path);
    ASSERT_TRUE(file.ok());
    auto memory = (*file)->share_memory(share::ProgressPage::size);
    ASSERT_TRUE(memory.ok());
    auto* page = new (memory->get()) share::ProgressPage{};
    const system::ProcessId self = system::system_processes().self();
    page->magic = share::ProgressPage::magic_value;
    page->major = 1;
    page->pid = self.pid;
    page->start = self.start;
    page->pid_namespace = self.pid_namespace;
    std::strncpy(page->boot, self.boot.c_str(), sizeof page->boot - 1);
    std::strncpy(page->host, self.host.c_str(), sizeof page->host - 1);
    page->succeeded = succeeded;
    page->failed = failed;
    page->durable = succeeded + failed;
    page->current_task = current.value_or(share::ProgressPage::no_task);
  }

  /// A job of `tasks` values "v0", "v1", ...
  JobRef finished(const share::Manifest& manifest, std::uint64_t tasks) const {
    JobRef job = publish(manifest, tasks);
    Worker one = worker(job);
    for (std::uint64_t task = 0; task < tasks; ++task) one.value(task, "v" + std::to_string(task));
    one.sync();
    return job;
  }
  JobRef finished(std::uint64_t tasks) const { return finished(manifest(), tasks); }

  /// All names below the job's directory with size and time: equal if nobody wrote.
  [[nodiscard]] std::string fingerprint(const JobRef& job) const {
    std::map<std::string, std::string> entries;
    for (const auto& entry : std::filesystem::directory_iterator(directory(job))) {
      entries[entry.path().filename().string()] =
          std::to_string(entry.file_size()) + "@" +
          std::to_string(entry.last_write_time().time_since_epoch().count());
    }
    std::string all;
    for (const auto& [name, what] : entries) all += name + " " + what + "\n";
    return all;
  }

  std::string root_;
  std::shared_ptr<share::Place> place;

 private:
  std::map<std::string, std::optional<std::string>> before_;
};

}  // namespace errand::client
