// SPDX-License-Identifier: Apache-2.0
// DatabaseFiles keeps the promises of Files that a place relies on, on a real server.
#include "database/database_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <numeric>
#include <thread>

#include "files_fixture.h"
#include "share/job_directory.h"

namespace errand::database {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;
using testing::UnorderedElementsAre;

using DatabaseFilesTest = FilesFixture;

TEST_F(DatabaseFilesTest, TheMarkerNamesThePlace) {
  auto place = share::Place::open(files_, files_->absolute(""), false, system::system_clock());
  ASSERT_TRUE(place) << place.error().message;
  EXPECT_EQ((*place)->id().size(), 26u);
}

TEST_F(DatabaseFilesTest, AJobIsThereWholeOrNotAtAll) {
  ASSERT_TRUE(files_->make_directory("staging/" + id_));
  auto file = *files_->create("staging/" + id_ + "/job");
  ASSERT_TRUE(file->append(bytes_of("hello")));
  EXPECT_THAT(*files_->list("jobs"), Not(Contains(id_)));
  EXPECT_EQ(files_->info(job_).error().code, ErrorCode::not_found);
  ASSERT_TRUE(files_->rename("staging/" + id_, job_));
  EXPECT_THAT(*files_->list("jobs"), Contains(id_));
  EXPECT_THAT(*files_->list(job_), ElementsAre("job"));
  EXPECT_EQ(read("job"), "hello");
}

TEST_F(DatabaseFilesTest, ALargeJobIsPublishedFromItsStagedBlocks) {
  std::string content(3'500'000, ' ');
  std::iota(content.begin(), content.end(), '\0');
  auto file = publish(content);
  EXPECT_THAT(*files_->list("staging"), Not(Contains(id_)));
  EXPECT_TRUE(read("job") == content);
  ASSERT_TRUE(file->append(bytes_of("more")));
  EXPECT_TRUE(read("job") == content + "more");
}

TEST_F(DatabaseFilesTest, AGrowingJobsFileGoesOnAfterItWasPublished) {
  auto file = publish("begin ");
  ASSERT_TRUE(file->append(bytes_of("middle ")));
  auto other = *files_->open_append(job_ + "/job");
  ASSERT_TRUE(other->append(bytes_of("end")));
  EXPECT_EQ(read("job"), "begin middle end");
  EXPECT_EQ(file->append(bytes_of("lost")).error().code, ErrorCode::exists) << "two writers of one file";
}

TEST_F(DatabaseFilesTest, FilesGrowAndAreReadInPieces) {
  publish("job");
  auto file = *files_->create(job_ + "/printed.1.0");
  auto reader = *files_->open_read(job_ + "/printed.1.0");
  EXPECT_EQ(reader->view(0, 100)->size(), 0u);
  std::string all;
  for (int i = 0; i < 5; ++i) {
    std::string piece(300'000, static_cast<char>('a' + i));
    ASSERT_TRUE(file->append(bytes_of(piece)));
    all += piece;
    EXPECT_TRUE(reader->view(0, all.size())->text() == all);
  }
  std::string part(700'000, ' ');
  ASSERT_EQ(*reader->read_at(250'000, std::as_writable_bytes(std::span(part))), part.size());
  EXPECT_TRUE(part == all.substr(250'000, part.size()));
  EXPECT_EQ(*(*files_->open_read(job_ + "/printed.1.0"))
                 ->read_at(all.size() - 3, std::as_writable_bytes(std::span(part))),
            3u);
}

TEST_F(DatabaseFilesTest, CreationIsExclusive) {
  publish("job");
  ASSERT_TRUE(files_->publish(job_ + "/request.1", "first", true, false));
  EXPECT_EQ(files_->publish(job_ + "/request.1", "second", true, false).error().code, ErrorCode::exists);
  EXPECT_EQ(read("request.1"), "first");
  ASSERT_TRUE(files_->publish(job_ + "/seal", "old", false, true));
  ASSERT_TRUE(files_->publish(job_ + "/seal", "new", false, true));
  EXPECT_EQ(read("seal"), "new");
}

TEST_F(DatabaseFilesTest, AFileOfManyBlocksIsReplacedAsAWhole) {
  const std::string large(1'300'000, 'l');
  ASSERT_TRUE(files_->publish("tombstones", large, false, true));
  EXPECT_EQ(files_->publish("tombstones", large, false, false).error().code, ErrorCode::exists);
  EXPECT_TRUE(*files_->read_all("tombstones", 8 << 20) == large);
  EXPECT_EQ(files_->read_all("tombstones", 1'000'000).error().code, ErrorCode::corrupt);
  ASSERT_TRUE((*files_->open_append("tombstones"))->append(bytes_of("end")));
  EXPECT_TRUE(*files_->read_all("tombstones", 8 << 20) == large + "end");
  ASSERT_TRUE(files_->publish("tombstones", "small", false, true));
  EXPECT_EQ(*files_->read_all("tombstones", 8 << 20), "small");
}

TEST_F(DatabaseFilesTest, ManyJobsAreRemovedAtOnceAndEachIsRemovedOnce) {
  publish("job");
  const std::string never = "jobs/" + share::make_job_id(1);
  auto removed = files_->rename_each({{job_, "trash/a"}, {never, "trash/b"}, {job_, "trash/c"}},
                                     {"removed-" + id_, " 1 gone\n"});
  ASSERT_EQ(removed.size(), 3u);
  EXPECT_TRUE(removed[0]);
  EXPECT_EQ(removed[1].error().code, ErrorCode::not_found);
  EXPECT_EQ(removed[2].error().code, ErrorCode::not_found);
  const std::string tombstones = *files_->read_all("removed-" + id_, 1000);
  EXPECT_EQ(tombstones, id_ + " 1 gone\n");
  EXPECT_EQ(files_->info(job_).error().code, ErrorCode::not_found);
}

/// Two that remove jobs at once want the same place behind the tombstones.
TEST_F(DatabaseFilesTest, ATombstoneIsLeftThoughAnotherIsWrittenInTheSameMoment) {
  publish("job");
  auto another = *Connection::open(target_as("alice"));
  ASSERT_TRUE(
      another->run_script("insert into errand.directory (path) values ('') on conflict do nothing; begin; "
                          "insert into errand.block (directory, file, start, data) values ('', 'removed-" +
                          id_ + "', 0, 'another\n')"));
  std::thread removing([&] {
    auto removed = files_->rename_each({{job_, "trash/a"}}, {"removed-" + id_, " 1 gone\n"});
    EXPECT_TRUE(removed[0]) << removed[0].error().message;
  });
  auto waits = [&] {
    auto rows = administrator().run(
        "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%noted%'");
    return rows && rows->number(0, 0) > 0;
  };
  for (int i = 0; i < 600 && !waits(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  ASSERT_TRUE(another->run_script("commit"));
  removing.join();
  const std::string tombstones = *files_->read_all("removed-" + id_, 1000);
  EXPECT_EQ(tombstones, "another\n" + id_ + " 1 gone\n");
}

TEST_F(DatabaseFilesTest, WhatIsReadBehindAnAnswerIsNotOlderThanTheAnswer) {
  publish("job");
  const std::string mark = job_ + "/fetched.somebody";
  ASSERT_TRUE(files_->publish(mark, "old", true, true));
  auto others = open_files("alice");
  ASSERT_TRUE(files_->list(job_));
  ASSERT_TRUE(others->publish(mark, "new", true, true));
  ASSERT_TRUE(files_->info(job_));
  EXPECT_EQ(*files_->read_all(mark, 100), "new");
  ASSERT_TRUE(files_->list(job_));
  EXPECT_EQ(*files_->read_all(mark, 100), "new");
  EXPECT_EQ(files_->read_all(mark, 2).error().code, ErrorCode::corrupt) << "longer than it may be";
}

TEST_F(DatabaseFilesTest, WhatAListingBroughtIsTheWholeFile) {
  auto job = publish("job");
  const std::string large(20'000, 'x');
  ASSERT_TRUE(job->append(bytes_of(" and more")));
  ASSERT_TRUE(files_->publish(job_ + "/fetched.large", large, true, true));
  ASSERT_TRUE(files_->publish(job_ + "/fetched.empty", "", true, true));
  EXPECT_THAT(*files_->list(job_), UnorderedElementsAre("job", "fetched.large", "fetched.empty"));
  EXPECT_EQ(read("job"), "job and more");
  ASSERT_TRUE(files_->list(job_));
  EXPECT_EQ(read("fetched.empty"), "");
  ASSERT_TRUE(files_->list(job_));
  EXPECT_TRUE(read("fetched.large") == large);
  ASSERT_TRUE(files_->list(job_));
  auto opened = files_->open_read(job_ + "/job");
  ASSERT_TRUE(opened);
  EXPECT_EQ((*opened)->info()->size, 12u);
  ASSERT_TRUE(job->append(bytes_of("!")));
  EXPECT_EQ((*opened)->info()->size, 13u);
  EXPECT_EQ((*opened)->view(0, 100)->text(), "job and more!");
}

TEST_F(DatabaseFilesTest, AJobOfManyFilesIsListedWhole) {
  publish("job");
  std::vector<std::string> names{"job"};
  for (int i = 0; i < 100; ++i) {
    names.push_back("fetched.reader" + std::to_string(i));
    ASSERT_TRUE(files_->publish(job_ + "/" + names.back(), "mark", false, true));
  }
  EXPECT_THAT(*files_->list(job_), testing::UnorderedElementsAreArray(names));
}

TEST_F(DatabaseFilesTest, NothingIsCreatedInADirectoryThatIsNotThere) {
  EXPECT_EQ(files_->publish(job_ + "/seal", "seal", true, true).error().code, ErrorCode::not_found);
  EXPECT_EQ(files_->create(job_ + "/seal").error().code, ErrorCode::not_found);
  EXPECT_EQ(files_->list(job_).error().code, ErrorCode::not_found);
  EXPECT_EQ(files_->open_read(job_ + "/job").error().code, ErrorCode::not_found);
}

TEST_F(DatabaseFilesTest, RemovingAJobRemovesItsFiles) {
  publish("job");
  ASSERT_TRUE(files_->publish(job_ + "/seal", "seal", true, true));
  ASSERT_TRUE(files_->rename(job_, "trash/" + id_ + ".x"));
  EXPECT_EQ(files_->info(job_).error().code, ErrorCode::not_found);
  EXPECT_EQ(files_->rename(job_, "trash/" + id_ + ".y").error().code, ErrorCode::not_found);
  EXPECT_EQ(files_->open_read(job_ + "/seal").error().code, ErrorCode::not_found);
  EXPECT_TRUE(files_->remove_tree("trash/" + id_ + ".x"));
}

TEST_F(DatabaseFilesTest, MarksComeAndGo) {
  publish("job");
  EXPECT_THAT(*files_->list("active"), Contains(id_));
  ASSERT_TRUE(files_->remove("active/" + id_));
  EXPECT_THAT(*files_->list("active"), Not(Contains(id_)));
  EXPECT_EQ(files_->info("active/" + id_).error().code, ErrorCode::not_found);
  ASSERT_TRUE((*files_->open_append("active/" + id_))->append(bytes_of(".")));
  EXPECT_TRUE(files_->info("active/" + id_));
}

TEST_F(DatabaseFilesTest, LocksHoldAgainstOtherSessions) {
  publish("job");
  auto file = *files_->create(job_ + "/fetched.hold-1");
  EXPECT_TRUE(*file->try_lock());
  auto others = open_files("alice");
  EXPECT_FALSE(*(*files_->open_read(job_ + "/fetched.hold-1"))->is_locked()) << "one's own";
  EXPECT_TRUE(*(*others->open_read(job_ + "/fetched.hold-1"))->is_locked());
  EXPECT_FALSE(*(*others->open_read(job_ + "/fetched.hold-1"))->try_lock());
  file.reset();
  EXPECT_FALSE(*(*others->open_read(job_ + "/fetched.hold-1"))->is_locked());
}

TEST_F(DatabaseFilesTest, AWatchIsToldWhatChanged) {
  publish("job");
  auto watch = *files_->watch();
  ASSERT_TRUE(watch->add(job_));
  EXPECT_TRUE(watch->wait(std::chrono::milliseconds(0))->empty());
  ASSERT_TRUE(files_->publish(job_ + "/seal", "seal", true, true));
  auto changes = *watch->wait(std::chrono::seconds(30));
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].directory, job_);
  EXPECT_EQ(changes[0].name, "seal");
  ASSERT_TRUE(files_->rename(job_, "trash/" + id_ + ".x"));
  changes = *watch->wait(std::chrono::seconds(30));
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].kind, system::Change::Kind::removed);
}

TEST_F(DatabaseFilesTest, AProgramIsThereOnceAndLinked) {
  auto place = *share::Place::open(files_, files_->absolute(""), false, system::system_clock());
  auto hash = share::snapshot_program(*place, "/proc/self/exe");
  ASSERT_TRUE(hash) << hash.error().message;
  EXPECT_EQ(*share::snapshot_program(*place, "/proc/self/exe"), *hash);
  ASSERT_TRUE(files_->make_directory("staging/" + id_));
  auto file = *files_->create("staging/" + id_ + "/job");
  ASSERT_TRUE(share::link_program(*place, *hash, "staging/" + id_ + "/program"));
  ASSERT_TRUE(files_->rename("staging/" + id_, job_));
  EXPECT_THAT(*files_->list(job_), UnorderedElementsAre("job", "program"));
  EXPECT_EQ(read("program"), "programs/" + *hash);
}

TEST_F(DatabaseFilesTest, SealsOfManyJobsAreReadAtOnce) {
  publish("job");
  ASSERT_TRUE(files_->publish(job_ + "/seal", "sealed", true, true));
  const std::string absent = share::job_path(share::make_job_id(system::system_clock().now_ns()));
  auto contents = files_->read_each({absent + "/seal", job_ + "/seal"}, 100);
  ASSERT_EQ(contents.size(), 2u);
  EXPECT_EQ(contents[0].error().code, ErrorCode::not_found);
  EXPECT_EQ(*contents[1], "sealed");
}

TEST_F(DatabaseFilesTest, OtherRolesSeeNothing) {
  publish("job");
  auto bobs = open_files("bob");
  EXPECT_THAT(*bobs->list("jobs"), Not(Contains(id_)));
  EXPECT_EQ(bobs->open_read(job_ + "/job").error().code, ErrorCode::not_found);
  EXPECT_EQ(bobs->rename(job_, "trash/x").error().code, ErrorCode::not_found);
  EXPECT_TRUE(files_->info(job_));
}

TEST_F(DatabaseFilesTest, AForkedChildDoesNotSpeakOnItsParentsConnection) {
  publish("job");
  const pid_t child = fork();
  if (child == 0) _exit(files_->info(job_) ? 0 : 1);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(files_->info(job_)) << "the child's end must not end the parent's session";
}

TEST_F(DatabaseFilesTest, AChildForkedWhileAnotherThreadWaitsForAnAnswerDoesNotWaitForEver) {
  publish("job");
  std::atomic<bool> is_held = false;
  std::thread other([&] {
    EXPECT_TRUE(files_->session().with([&](Connection& connection) -> Result<void> {
      is_held = true;
      return connection.run_script("select pg_sleep(1)");
    }));
  });
  while (!is_held) std::this_thread::yield();
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    _exit(files_->info(job_) ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  other.join();
  EXPECT_TRUE(files_->info(job_));
}

TEST_F(DatabaseFilesTest, ALostSessionIsMadeAnew) {
  publish("job");
  auto own = files_->session().run("select pg_backend_pid()::bigint", {});
  ASSERT_TRUE(own) << own.error().message;
  auto terminated = administrator().run("select pg_terminate_backend($1::bigint::int)",
                                        Parameters().number(own->number(0, 0)));
  ASSERT_TRUE(terminated) << terminated.error().message;
  EXPECT_EQ(read("job"), "job");
  ASSERT_TRUE(files_->publish(job_ + "/request.1", "once", true, false));
  EXPECT_EQ(read("request.1"), "once");
}

}  // namespace
}  // namespace errand::database
