// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "client/job_report.h"
#include "engine/local/running_job.h"
#include "journal/log_writer.h"
#include "scoped_variable.h"
#include "scratch_directory.h"
#include "share/progress_page.h"
#include "system/memory_files.h"
#include "system/memory_processes.h"

namespace errand::client {

inline constexpr std::int64_t second_ns = 1'000'000'000;

/// A place on a file server, one host that asks and others that work. What hosts write, the asking one sees
/// when the test says so; each has a clock of its own, and so has the server. Slurm is a squeue that prints
/// what the test says.
class SharedFiles : public ::testing::Test {
 protected:
  SharedFiles() {
    write_program("squeue", "cat " + scratch_ / "queue");
    write_program("scontrol",
                  "echo 'AccountingStorageType = accounting_storage/none'; echo 'MaxArraySize = 1001'");
    asking_clock_.now = node_clock_.now = server_now_ = std::int64_t{std::time(nullptr)} * second_ns;
    tree_->set_now(server_now_);
    node_place_ = *share::Place::open(node_files_, "/place", true, node_clock_);
    asking_files_->advance();
    place_ = *share::Place::open(asking_files_, "/place", false, asking_clock_);
    squeue_prints("");
  }

  /// Time goes on everywhere.
  void pass(std::int64_t seconds) {
    for (system::ManualClock* clock : {&asking_clock_, &node_clock_}) {
      clock->now += seconds * second_ns;
      clock->monotonic += seconds * second_ns;
    }
    server_now_ += seconds * second_ns;
    tree_->set_now(server_now_);
  }

  void write_program(const std::string& name, const std::string& line) {
    const std::string path = scratch_ / name;
    std::ofstream(path) << "#!/bin/sh\n" << line << "\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  }
  /// Forgets the answer before, whose age is told by the real clock.
  void squeue_prints(const std::string& text) {
    std::ofstream(scratch_ / "queue") << text;
    std::filesystem::remove_all(scratch_ / "state");
  }
  /// One element of the array is in that state; it ended so many seconds ago by Slurm's clock.
  void squeue_shows(const std::string& state, std::int64_t ended_ago_s = 0) {
    const std::string end = state == "RUNNING" ? "N/A" : std::to_string(std::time(nullptr) - ended_ago_s);
    squeue_prints("12|0|" + state + "|" + end + "|" + id_ + "-1|None\n");
  }
  void squeue_fails() {
    squeue_prints("");
    std::filesystem::remove(scratch_ / "queue");
  }

  /// A job of one element, published by the asking host and known to everybody.
  void submit(std::uint64_t tasks, bool accepted = true) {
    share::Manifest manifest;
    manifest.created_ns = asking_clock_.now;
    manifest.id = id_ = share::make_job_id(manifest.created_ns);
    manifest.function = "area";
    manifest.context.engine = "slurm";
    manifest.submitter.host = "login";
    share::JobFileBuilder builder(manifest);
    builder.bare_tasks(tasks);
    builder.close();
    ASSERT_TRUE(share::publish_job(*place_, manifest, builder.take()).ok());
    job_ = *share::JobDirectory::open(place_, id_);
    share::SubmissionRecord record;
    record.engine = "slurm";
    record.name = id_ + "-1";
    record.tasks = {{0, tasks}};
    record.time_ns = asking_clock_.now;
    ASSERT_TRUE(job_->add_submission(record).ok());
    share::Acceptance acceptance;
    acceptance.id = "12";
    acceptance.time_ns = asking_clock_.now - 10 * second_ns;
    ASSERT_TRUE(!accepted || job_->write_acceptance(1, acceptance).ok());
  }

  /// The element begins on a host whose files are these: it claims its chunk as the real one does.
  std::unique_ptr<engine::local::RunningJob> begin(const std::shared_ptr<share::Place>& place,
                                                   system::MemoryProcesses& processes) const {
    auto admitted =
        engine::local::RunningJob::admit(place, id_, processes, engine::local::Part{id_, 1, 0, {}, {}});
    EXPECT_EQ(admitted.admission, engine::local::RunningJob::Admission::run) << admitted.problem;
    return std::move(admitted.job);
  }

  /// A worker of the element, with its log and its page.
  struct Worker {
    std::unique_ptr<journal::LogWriter> log;
    std::shared_ptr<std::byte[]> memory;
    [[nodiscard]] share::ProgressPage& page() const {
      return *reinterpret_cast<share::ProgressPage*>(memory.get());
    }
    void record(std::uint64_t task) const {
      journal::Outcome outcome;
      outcome.task = task;
      outcome.codec = Codec::raw;
      log->add(outcome);
      ++page().succeeded;
    }
    void end() const {
      EXPECT_TRUE(log->sync().ok());
      page().durable = page().succeeded.load();
      page().closed = 1;
    }
  };
  [[nodiscard]] Worker worker(system::Files& files, const share::WorkerKey& key,
                              const std::string& host) const {
    Worker made;
    const std::string directory = share::job_path(id_) + "/";
    auto log = files.create(directory + share::log_name(key));
    EXPECT_TRUE(log.ok()) << log.error().message;
    made.log = std::make_unique<journal::LogWriter>(*std::move(log));
    journal::FileHeader header;
    header.kind = "log";
    header.job = id_;
    header.generation = key.generation;
    header.worker = key.worker;
    made.log->add_file_header(header);
    EXPECT_TRUE(made.log->flush().ok());
    auto page = files.create(directory + share::progress_name(key));
    EXPECT_TRUE(page.ok());
    made.memory = *(*page)->share_memory(share::ProgressPage::size);
    auto* written = new (made.memory.get()) share::ProgressPage{};
    written->magic = share::ProgressPage::magic_value;
    written->major = 1;
    written->current_task = share::ProgressPage::no_task;
    std::strncpy(written->host, host.c_str(), sizeof written->host - 1);
    return made;
  }

  /// What a supervisor does every ten seconds.
  void beat(const share::WorkerKey& key) const {
    auto page = node_files_->open_append(share::job_path(id_) + "/" + share::progress_name(key));
    ASSERT_TRUE(page.ok());
    ASSERT_TRUE((*page)->append({}).ok());
  }

  [[nodiscard]] JobReport report() { return report_of(*job_); }
  [[nodiscard]] JobStatus status() { return report().status.status; }

  ScratchDirectory scratch_;
  ScopedVariable state_{"XDG_STATE_HOME", (scratch_ / "state").c_str()};
  ScopedVariable path_{"PATH", (scratch_.path() + ":" + ::getenv("PATH")).c_str()};
  std::shared_ptr<system::MemoryTree> tree_ = system::MemoryTree::make();
  std::shared_ptr<system::MemoryFiles> node_files_ = tree_->open();
  std::shared_ptr<system::MemoryFiles> asking_files_ = tree_->open_delayed(1'000'000'000);
  system::ManualClock asking_clock_;
  system::ManualClock node_clock_;
  std::int64_t server_now_ = 0;
  std::shared_ptr<share::Place> node_place_;
  std::shared_ptr<share::Place> place_;
  std::unique_ptr<share::JobDirectory> job_;
  std::string id_;
};

}  // namespace errand::client
