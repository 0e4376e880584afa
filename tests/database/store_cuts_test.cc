// SPDX-License-Identifier: Apache-2.0
// The connection is cut at every message, and in the middle of every answer, of what takes many of them:
// files of several blocks on their way in and out, and the setting up of a database.
#include <gmock/gmock.h>

#include "cutting_proxy.h"
#include "scratch_database.h"
#include "share/names.h"
#include "system/clock.h"
#include "system/try.h"

namespace errand::database {
namespace {

class DatabaseServerStoreCuts : public DatabaseScratch {
 protected:
  void SetUp() override {
    DatabaseScratch::SetUp();
    if (IsSkipped()) return;
    ASSERT_TRUE(init());
    auto files = DatabaseFiles::open(here_as("alice"));
    ASSERT_TRUE(files) << files.error().message;
    direct_ = *files;
    for (std::size_t i = 0; i < large_.size(); ++i) large_[i] = static_cast<char>(i % 251);
  }
  void TearDown() override {
    direct_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_of_proxy_, ignored);
    DatabaseScratch::TearDown();
  }

  [[nodiscard]] std::string uri_by(const CuttingProxy& proxy) const {
    return proxy.uri_of("alice", target_as("alice").parameters.at("password"));
  }
  [[nodiscard]] Result<std::shared_ptr<DatabaseFiles>> files_by(const CuttingProxy& proxy) const {
    TRY(const Target target, parse_connection_string(uri_by(proxy)));
    return DatabaseFiles::open(target);
  }
  int cut_everywhere(const std::function<void(const CuttingProxy&)>& once) {
    return cut_at_every_message(folder_of_proxy_, here_as("administrator"), once);
  }
  static std::string new_id() { return share::make_job_id(system::system_clock().now_ns()); }
  static Result<void> submit(DatabaseFiles& files, const std::string& id, const std::string& content) {
    TRY_VOID(files.make_directory("staging/" + id));
    TRY(auto file, files.create("staging/" + id + "/job"));
    TRY_VOID(file->append(std::as_bytes(std::span(content))));
    TRY_VOID(file->sync());
    return files.rename("staging/" + id, share::job_path(id));
  }

  /// Nothing of it is there, or all; and that is so if it was acknowledged.
  void expect_whole_or_refused(const Result<std::string>& there, const Result<void>& done) const {
    EXPECT_TRUE(there || !done) << "what was acknowledged is there";
    EXPECT_TRUE(!there || *there == large_) << "a part of it";
    EXPECT_TRUE(done || done.error().transient) << done.error().message;
  }

  const std::string folder_of_proxy_ = "/tmp/errand-store-cuts-" + std::to_string(getpid());
  std::string large_ = std::string(2'500'000, '\0');  ///< three blocks
  std::shared_ptr<DatabaseFiles> direct_;
};

TEST_F(DatabaseServerStoreCuts, ALargeJobIsThereWholeOrNotAtAll) {
  const auto once = [&](const CuttingProxy& proxy) {
    const std::string id = new_id();
    auto files = files_by(proxy);
    auto submitted = files ? submit(**files, id, large_) : Result<void>(files.error());
    expect_whole_or_refused(direct_->read_all(share::job_path(id) + "/job", 64 << 20), submitted);
  };
  EXPECT_GT(cut_everywhere(once), 20);
}

TEST_F(DatabaseServerStoreCuts, AProgramHasItsNameWhenItIsWhole) {
  const auto source = std::filesystem::temp_directory_path() / ("errand-program-" + std::to_string(getpid()));
  std::ofstream(source, std::ios::binary) << large_;
  const auto once = [&](const CuttingProxy& proxy) {
    const std::string name = "programs/of-" + new_id();
    auto files = files_by(proxy);
    auto brought = files ? (*files)->import_file(source.string(), name, true) : Result<void>(files.error());
    expect_whole_or_refused(direct_->read_all(name, 64 << 20), brought);
  };
  EXPECT_GT(cut_everywhere(once), 20);
  std::filesystem::remove(source);
}

TEST_F(DatabaseServerStoreCuts, ALargeValueIsReadWholeOrNotAtAll) {
  const std::string id = new_id();
  ASSERT_TRUE(submit(*direct_, id, large_));
  int read = 0;
  const auto once = [&](const CuttingProxy& proxy) {
    auto files = files_by(proxy);
    auto file = files ? (*files)->open_read(share::job_path(id) + "/job")
                      : Result<std::unique_ptr<system::File>>(files.error());
    auto bytes = file ? (*file)->view(0, large_.size()) : Result<Buffer>(file.error());
    if (!bytes) {
      EXPECT_TRUE(bytes.error().transient) << bytes.error().message;
      return;
    }
    ++read;
    EXPECT_TRUE(bytes->text() == large_);
  };
  EXPECT_GT(cut_everywhere(once), 20);
  EXPECT_GT(read, 0);
}

TEST_F(DatabaseServerStoreCuts, WhatInitHadBegunTheNextOneCompletes) {
  auto admin = connect_as("administrator");
  const auto once = [&](const CuttingProxy& proxy) {
    must(*admin, "drop schema if exists errand cascade");
    auto cut = init_database({proxy.uri_of("postgres", ""), 0, {"alice"}});
    EXPECT_TRUE(cut || cut.error().message.find("connection to") != std::string::npos) << cut.error().message;
    auto whole = init();
    ASSERT_TRUE(whole) << whole.error().message;
    auto again = init();
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_TRUE(again->done.empty()) << "nothing was left to do";
  };
  direct_.reset();
  EXPECT_GT(cut_everywhere(once), 20);
}

}  // namespace
}  // namespace errand::database
