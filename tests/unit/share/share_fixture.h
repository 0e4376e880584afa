// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <unistd.h>
#include <memory>
#include <string>
#include <vector>

#include "journal/log_writer.h"
#include "share/job_directory.h"
#include "share/outcome_index.h"
#include "system/memory_files.h"
#include "system/processes.h"

namespace errand::share {

/// A place in memory, and jobs written by hand.
class ShareTest : public ::testing::Test {
 protected:
  ShareTest() {
    clock.now = 1'700'000'000'000'000'000;
    files = system::MemoryFiles::make();
    auto opened = Place::open(files, "/place", true, clock);
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    place = *opened;
  }

  Manifest manifest_for(const std::string& id) {
    Manifest manifest;
    manifest.id = id;
    manifest.function = "area";
    manifest.created_ns = clock.now;
    manifest.user = "ada";
    manifest.submitter = system::system_processes().self();
    return manifest;
  }

  std::string publish(std::uint64_t tasks, bool growing = false) {
    Manifest manifest = manifest_for(make_job_id(clock.now));
    manifest.growing = growing;
    JobFileBuilder builder(manifest);
    builder.bare_tasks(tasks);
    if (!growing) builder.close();
    auto published = publish_job(*place, manifest, builder.take());
    EXPECT_TRUE(published.ok()) << published.error().message;
    return manifest.id;
  }

  std::unique_ptr<JobDirectory> open(const std::string& id) {
    auto job = JobDirectory::open(place, id);
    EXPECT_TRUE(job.ok()) << job.error().message;
    return *std::move(job);
  }

  std::unique_ptr<journal::LogWriter> log(const std::string& id, const WorkerKey& key) {
    auto file = files->create(job_path(id) + "/" + log_name(key));
    EXPECT_TRUE(file.ok());
    auto writer = std::make_unique<journal::LogWriter>(*std::move(file), 0, clock);
    journal::FileHeader header;
    header.kind = "log";
    header.job = id;
    header.chunk = key.chunk;
    header.generation = key.generation;
    header.worker = key.worker;
    writer->add_file_header(header);
    return writer;
  }

  static journal::Outcome value(std::uint64_t task, std::string_view bytes, std::uint32_t attempt = 0) {
    journal::Outcome outcome;
    outcome.task = task;
    outcome.attempt = attempt;
    outcome.codec = Codec::raw;
    outcome.inline_bytes = std::as_bytes(std::span(bytes));
    return outcome;
  }

  static std::string text(const std::optional<OutcomeIndex::Found>& found) {
    if (!found) return "(none)";
    auto bytes = found->outcome.inline_bytes;
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  system::ManualClock clock;
  std::shared_ptr<system::MemoryFiles> files;
  std::shared_ptr<Place> place;
};

}  // namespace errand::share
