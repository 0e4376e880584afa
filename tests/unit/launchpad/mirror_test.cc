// SPDX-License-Identifier: Apache-2.0
#include "launchpad/mirror.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>

#include "../share/share_fixture.h"
#include "files_depot.h"
#include "share/sealing.h"

namespace errand::launchpad {
namespace {

using share::WorkerKey;
using testing::Contains;
using testing::Not;

/// `place` of the fixture is the owner's tree in the database; `scratch` the host's.
class LaunchpadMirrorTest : public share::ShareTest {
 protected:
  LaunchpadMirrorTest() : depot(files) {
    scratch_files = system::MemoryFiles::make();
    scratch = *share::Place::open(scratch_files, "/scratch", true, clock);
    terms.workers = 2;
    terms.share_dir = "/scratch";
    terms.user = "worker";
    terms.home = "/";
    terms.uid = scratch_files->info("errand-share")->owner;
    terms.process = system::system_processes().self();
    terms.connection = {"PGUSER=errand_w1"};
  }

  Arrival arrival_of(const std::string& id) {
    Arrival arrival{{"ada", id}, "1", {}};
    const auto names = files->list(share::job_path(id));
    for (const std::string& name : *names) {
      arrival.pieces.push_back({name, 0, *files->read_all(share::job_path(id) + "/" + name, 1 << 20)});
    }
    return arrival;
  }

  std::unique_ptr<Mirror> arrive(const std::string& id) {
    auto mirror = Mirror::arrive(depot, scratch, terms, arrival_of(id));
    EXPECT_TRUE(mirror.ok()) << mirror.error().message;
    return *std::move(mirror);
  }

  /// A worker of the scratch place that records values of these tasks, and half a record behind them.
  void work(const std::string& id, const WorkerKey& key, std::vector<std::uint64_t> tasks,
            bool torn = false) {
    auto file = scratch_files->create(share::job_path(id) + "/" + share::log_name(key));
    journal::LogWriter writer(*std::move(file), 0, clock);
    journal::FileHeader header;
    header.kind = "log";
    header.job = id;
    header.chunk = key.chunk;
    header.generation = key.generation;
    header.worker = key.worker;
    writer.add_file_header(header);
    for (std::uint64_t task : tasks) writer.add(value(task, "v" + std::to_string(task)));
    ASSERT_TRUE(writer.sync().ok());
    if (torn) append(id, share::log_name(key), std::string(20, 'x'));
  }

  void append(const std::string& id, const std::string& name, const std::string& text) {
    auto file = scratch_files->open_append(share::job_path(id) + "/" + name);
    ASSERT_TRUE((*file)->append(std::as_bytes(std::span(text))).ok());
  }

  void claim(const std::string& id, std::uint32_t generation) {
    auto job = share::JobDirectory::open(scratch, id);
    ASSERT_TRUE((*job)->add_claim(0, generation, {terms.process, clock.now, {}}).ok());
  }

  std::uint64_t values_in_database(const std::string& id, std::uint64_t total) {
    auto job = open(id);
    share::OutcomeIndex index(*job);
    EXPECT_TRUE(index.refresh(total).ok());
    return index.counts().values;
  }

  std::uint64_t size_in_database(const std::string& id, const std::string& name) {
    auto info = files->info(share::job_path(id) + "/" + name);
    return info ? info->size : 0;
  }

  std::shared_ptr<system::MemoryFiles> scratch_files;
  std::shared_ptr<share::Place> scratch;
  FilesDepot depot;
  HostTerms terms;
};

TEST_F(LaunchpadMirrorTest, AJobAppearsInTheScratchPlaceWholeAndMarked) {
  std::string id = publish(3);
  arrive(id);
  auto job = share::JobDirectory::open(scratch, id);
  ASSERT_TRUE(job.ok());
  auto tasks = (*job)->tasks();
  ASSERT_TRUE(tasks.ok()) << tasks.error().message;
  EXPECT_EQ((*tasks)->total(), 3u);
  EXPECT_TRUE((*tasks)->closed());
  EXPECT_TRUE(scratch_files->info(share::active_path(id)).ok());
}

TEST_F(LaunchpadMirrorTest, TheManifestIsThatOfThisHost) {
  share::Manifest manifest = manifest_for(share::make_job_id(clock.now));
  manifest.context.engine = "database";
  manifest.context.cores = 64;
  manifest.context.task_memory_limit = 500;
  manifest.context.task_time_limit = std::chrono::milliseconds(0);
  manifest.environment = {"HOME=/home/ada", "PATH=/opt/bin", "PGPASSWORD=secret", "OMP_NUM_THREADS=1"};
  manifest.working_directory = "/no/such/directory";
  terms.memory = 400;
  terms.time_limit = std::chrono::milliseconds(9000);
  share::Manifest here = on_this_host(manifest, terms);
  manifest.context.working_directory = "/no/such/directory";
  EXPECT_EQ(on_this_host(manifest, terms).working_directory, "/no/such/directory") << "asked for";
  EXPECT_EQ(here.context.engine, "local");
  EXPECT_EQ(here.context.cores, 2);
  EXPECT_EQ(here.context.task_memory_limit, 400u);
  EXPECT_EQ(here.context.task_time_limit.count(), 9000);
  EXPECT_EQ(here.working_directory, terms.home);
  EXPECT_THAT(here.environment, Contains("PATH=/opt/bin"));
  EXPECT_THAT(here.environment, Contains("OMP_NUM_THREADS=1"));
  EXPECT_THAT(here.environment, Contains("HOME=/"));
  EXPECT_THAT(here.environment, Contains("PGUSER=errand_w1"));
  EXPECT_THAT(here.environment, Not(Contains("PGPASSWORD=secret")));
  EXPECT_THAT(here.environment, Not(Contains("HOME=/home/ada")));
}

TEST_F(LaunchpadMirrorTest, FilesOfPasswordsThatTheContextNamesAreKept) {
  share::Manifest manifest = manifest_for(share::make_job_id(clock.now));
  manifest.context.environment = {"PGSERVICEFILE=/srv/services", "PGPASSFILE", "PGUSER=postgres"};
  manifest.environment = {"PGSERVICEFILE=/srv/services", "PGPASSFILE=/srv/passwords", "PGUSER=postgres",
                          "PGSSLMODE=disable"};
  share::Manifest here = on_this_host(manifest, terms);
  EXPECT_THAT(here.environment, Contains("PGSERVICEFILE=/srv/services"));
  EXPECT_THAT(here.environment, Contains("PGPASSFILE=/srv/passwords"));
  EXPECT_THAT(here.environment, Not(Contains("PGUSER=postgres")));
  EXPECT_THAT(here.environment, Not(Contains("PGSSLMODE=disable")));
}

TEST_F(LaunchpadMirrorTest, OutcomesReachTheDatabaseBehindWhatTheyReferTo) {
  std::string id = publish(2);
  auto mirror = arrive(id);
  claim(id, 1);
  work(id, {0, 1, 1}, {0, 1}, true);
  append(id, "values.0.1.1", std::string(2 << 20, 'v'));
  append(id, "console.0.1.1", "hello");
  ASSERT_TRUE(mirror->ship(clock.now).ok());
  EXPECT_EQ(values_in_database(id, 2), 2u);
  EXPECT_EQ(size_in_database(id, "values.0.1.1"), std::uint64_t{2} << 20);
  auto at = [&](const std::string& name) {
    return std::find(depot.stored.begin(), depot.stored.end(), name) - depot.stored.begin();
  };
  EXPECT_LT(at("claim.0.1"), at("log.0.1.1"));
  EXPECT_LT(at("values.0.1.1"), at("log.0.1.1"));
  EXPECT_LT(at("console.0.1.1"), at("log.0.1.1"));
}

TEST_F(LaunchpadMirrorTest, ALogWithoutRecordsSaysThatItsWorkerHasStarted) {
  std::string id = publish(1);
  auto mirror = arrive(id);
  claim(id, 1);
  append(id, "log.0.1.1", "");
  ASSERT_TRUE(mirror->ship(clock.now).ok());
  EXPECT_EQ(size_in_database(id, "log.0.1.1"), 0u);
  EXPECT_THAT(depot.stored, Contains("log.0.1.1"));
}

/// Between its creation and its being shared with the launchpad's group.
TEST_F(LaunchpadMirrorTest, AFileThatIsNotOpenToTheLaunchpadYetIsLookedAtAgain) {
  std::string id = publish(2);
  auto mirror = arrive(id);
  claim(id, 1);
  work(id, {0, 1, 1}, {0});
  mirror->changed_all();
  scratch_files->faults().fail(system::Operation::open_read, 1,
                               {ErrorCode::place_unreadable, "closed", false, "", EACCES});
  ASSERT_TRUE(mirror->ship(0).ok());
  scratch_files->faults().fail(system::Operation::open_read, 2,
                               {ErrorCode::place_unreadable, "closed", false, "", EACCES});
  for (int i = 0; i < 3 && mirror->pending(); ++i) ASSERT_TRUE(mirror->ship(0).ok());
  EXPECT_FALSE(mirror->pending());
  EXPECT_EQ(values_in_database(id, 2), 1u);
  mirror->changed("log.0.1.1");
  scratch_files->faults().fail_from(system::Operation::open_read, 1,
                                    {ErrorCode::place_unreadable, "closed", false, "", EACCES});
  for (int i = 0; i < 200 && mirror->pending(); ++i) ASSERT_TRUE(mirror->ship(0).ok());
  EXPECT_FALSE(mirror->pending()) << "a task that closes its file for ever must not keep us busy for ever";
}

TEST_F(LaunchpadMirrorTest, HalfARecordWaitsForItsOtherHalf) {
  std::string id = publish(1);
  auto mirror = arrive(id);
  claim(id, 1);
  work(id, {0, 1, 1}, {0}, true);
  ASSERT_TRUE(mirror->ship(clock.now).ok());
  auto whole = scratch_files->info(share::job_path(id) + "/log.0.1.1")->size;
  EXPECT_EQ(size_in_database(id, "log.0.1.1"), whole - 20);
}

TEST_F(LaunchpadMirrorTest, AFailureAnywhereLosesNothingAndDoublesNothing) {
  for (bool stored_anyway : {false, true}) {
    for (int call = 0; call < 6; ++call) {
      std::string id = publish(40);
      auto mirror = arrive(id);
      FilesDepot fresh(files);
      depot = fresh;
      depot.fail_at = call;
      depot.stored_anyway = stored_anyway;
      claim(id, 1);
      append(id, "values.0.1.1", std::string(9 << 20, 'v'));
      std::vector<std::uint64_t> tasks(40);
      for (std::uint64_t i = 0; i < 40; ++i) tasks[i] = i;
      work(id, {0, 1, 1}, tasks);
      for (int tries = 0; tries < 3 && !mirror->ship(clock.now).ok(); ++tries) {
      }
      mirror->changed_all();
      ASSERT_TRUE(mirror->ship(clock.now).ok());
      EXPECT_EQ(values_in_database(id, 40), 40u) << call;
      EXPECT_EQ(size_in_database(id, "values.0.1.1"), std::uint64_t{9} << 20) << call;
    }
  }
}

TEST_F(LaunchpadMirrorTest, AResumedJobHasItsOutcomesAndNoneOfItsOldProcesses) {
  std::string id = publish(2);
  {
    auto first = arrive(id);
    claim(id, 1);
    work(id, {0, 1, 1}, {0});
    auto page = scratch_files->create(share::job_path(id) + "/progress.0.1.1");
    auto memory = (*page)->share_memory(share::ProgressPage::size);
    auto* progress = reinterpret_cast<share::ProgressPage*>(memory->get());
    progress->magic = share::ProgressPage::magic_value;
    progress->major = 1;
    progress->pid = terms.process.pid;
    progress->start = terms.process.start;
    progress->pid_namespace = terms.process.pid_namespace;
    std::copy_n(terms.process.boot.c_str(), std::min<std::size_t>(terms.process.boot.size(), 39),
                progress->boot);
    std::copy_n(terms.process.host.c_str(), std::min<std::size_t>(terms.process.host.size(), 71),
                progress->host);
    progress->current_task = 1;
    append(id, "values.0.1.1", "v");
    ASSERT_TRUE(first->ship(clock.now).ok());
  }
  scratch_files = system::MemoryFiles::make();
  scratch = *share::Place::open(scratch_files, "/scratch", true, clock);
  auto second = arrive(id);
  auto job = share::JobDirectory::open(scratch, id);
  EXPECT_EQ((*job)->generation(0), 1u);
  auto progress = (*job)->progress({0, 1, 1});
  ASSERT_TRUE(progress.ok());
  EXPECT_FALSE(progress->process.same_world(terms.process));
  EXPECT_EQ(progress->current_task, 1u);
  EXPECT_FALSE(scratch_files->info(share::job_path(id) + "/values.0.1.1").ok());
  depot.stored.clear();
  second->changed_all();
  ASSERT_TRUE(second->ship(clock.now).ok());
  EXPECT_TRUE(depot.stored.empty()) << "of the earlier generation";
}

TEST_F(LaunchpadMirrorTest, ACancelComesOverAndItsVerdictEmptiesTheJob) {
  std::string id = publish(2);
  auto mirror = arrive(id);
  claim(id, 1);
  work(id, {0, 1, 1}, {0});
  ASSERT_TRUE(mirror->ship(clock.now).ok());
  share::Request request;
  ASSERT_TRUE(open(id)->add_request(request).ok());
  ASSERT_TRUE(mirror->fetch().ok());
  auto job = share::JobDirectory::open(scratch, id);
  ASSERT_TRUE((*job)->cancel_pending());
  ASSERT_TRUE(share::settle_cancel(**job).ok());
  ASSERT_TRUE(mirror->settled_here());
  auto ended = mirror->settle(clock.now);
  ASSERT_TRUE(ended.ok()) << ended.error().message;
  EXPECT_TRUE(*ended);
  auto in_database = open(id);
  ASSERT_TRUE(in_database->verdict());
  EXPECT_TRUE(in_database->verdict()->canceled);
  EXPECT_TRUE(in_database->seal());
  EXPECT_FALSE(in_database->has(share::JobFileName::Kind::job));
  EXPECT_FALSE(in_database->has(share::JobFileName::Kind::log));
}

TEST_F(LaunchpadMirrorTest, TheSealIsTheSubmittersOwn) {
  share::Manifest manifest = manifest_for(share::make_job_id(clock.now));
  manifest.context.engine = "database";
  manifest.submitter.host = "laptop";
  share::JobFileBuilder builder(manifest);
  builder.bare_tasks(1);
  builder.close();
  ASSERT_TRUE(share::publish_job(*place, manifest, builder.take()).ok());
  auto mirror = arrive(manifest.id);
  claim(manifest.id, 1);
  work(manifest.id, {0, 1, 1}, {0});
  auto job = share::JobDirectory::open(scratch, manifest.id);
  StatusReport report;
  report.status = JobStatus::finished;
  ASSERT_TRUE(share::write_seal(**job, report).ok());
  ASSERT_TRUE(*mirror->settle(clock.now));
  EXPECT_EQ(depot.last_stored, 1) << "stored and released in one breath";
  auto seal = open(manifest.id)->seal();
  ASSERT_TRUE(seal);
  EXPECT_EQ(seal->engine, "database");
  EXPECT_EQ(seal->host, "laptop");
  EXPECT_EQ(seal->context_hash, share::context_hash(manifest.context));
}

TEST_F(LaunchpadMirrorTest, AGrowingJobGrowsHere) {
  share::Manifest manifest = manifest_for(share::make_job_id(clock.now));
  manifest.growing = true;
  share::JobFileBuilder builder(manifest);
  builder.task("one");
  auto file = share::publish_job(*place, manifest, builder.take());
  ASSERT_TRUE(file.ok());
  auto mirror = arrive(manifest.id);
  auto more = share::JobFileBuilder::continuing(1);
  more.task("two");
  more.close();
  ASSERT_TRUE(more.write_to(**file).ok());
  ASSERT_TRUE(mirror->fetch().ok());
  auto job = share::JobDirectory::open(scratch, manifest.id);
  auto tasks = (*job)->tasks();
  ASSERT_TRUE(tasks.ok());
  ASSERT_EQ((*tasks)->total(), 2u);
  EXPECT_TRUE((*tasks)->closed());
  auto second = (*tasks)->task(1);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(second->data()), second->size()), "two");
}

TEST_F(LaunchpadMirrorTest, ARingBetweenTheLastLookAndTheEndKeepsTheJob) {
  std::string id = publish(1);
  auto mirror = arrive(id);
  claim(id, 1);
  work(id, {0, 1, 1}, {0});
  auto job = share::JobDirectory::open(scratch, id);
  StatusReport report;
  report.status = JobStatus::finished;
  ASSERT_TRUE(share::write_seal(**job, report).ok());
  share::Request retry;
  retry.kind = share::Request::Kind::retry;
  retry.tasks = {{0, 1}};
  retry.first_attempt = 1;
  ASSERT_TRUE(open(id)->add_request(retry).ok());
  depot.version = 2;
  EXPECT_FALSE(*mirror->settle(clock.now));
  ASSERT_TRUE(mirror->fetch().ok());
  EXPECT_FALSE(mirror->settled_here()) << "the agent is asked to look again";
  EXPECT_EQ((*share::JobDirectory::open(scratch, id))->requests(), 1u);
}

TEST_F(LaunchpadMirrorTest, ARemovedJobIsNoticedAndCanceledHere) {
  std::string id = publish(1);
  auto mirror = arrive(id);
  depot.gone = true;
  claim(id, 1);
  auto shipped = mirror->ship(clock.now);
  ASSERT_FALSE(shipped.ok());
  EXPECT_EQ(shipped.error().code, ErrorCode::job_missing);
  mirror->abandon();
  EXPECT_TRUE((*share::JobDirectory::open(scratch, id))->cancel_pending());
  mirror->remove_here();
  EXPECT_FALSE(share::JobDirectory::open(scratch, id).ok());
}

TEST_F(LaunchpadMirrorTest, WhatIsNotTheTasksOwnIsNotShipped) {
  std::string id = publish(1);
  auto mirror = arrive(id);
  terms.uid += 1;
  auto stranger = arrive(publish(1));
  claim(stranger->job().id, 1);
  depot.stored.clear();
  stranger->changed("../../etc/passwd");
  stranger->changed("job");
  stranger->changed("request.1");
  ASSERT_TRUE(stranger->ship(clock.now).ok());
  EXPECT_TRUE(depot.stored.empty());
  mirror->changed("log.0.7.1");
  ASSERT_TRUE(mirror->ship(clock.now).ok()) << "a name without a file";
}

TEST_F(LaunchpadMirrorTest, AJobThatCannotBeReadLeavesNothingBehind) {
  std::string id = publish(1);
  Arrival arrival = arrival_of(id);
  for (Piece& piece : arrival.pieces) piece.bytes.resize(piece.bytes.size() / 4);
  auto mirror = Mirror::arrive(depot, scratch, terms, arrival);
  ASSERT_FALSE(mirror.ok());
  EXPECT_EQ(mirror.error().code, ErrorCode::corrupt);
  EXPECT_FALSE(scratch_files->info(share::job_path(id)).ok());
  EXPECT_FALSE(scratch_files->info(share::active_path(id)).ok());
}

}  // namespace
}  // namespace errand::launchpad
