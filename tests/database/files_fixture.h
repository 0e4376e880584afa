// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "database_fixture.h"
#include "share/names.h"
#include "system/clock.h"

namespace errand::database {

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

/// Tests on alice's tree, with a job's directory that each may make.
class FilesFixture : public DatabaseFixture {
 protected:
  void SetUp() override {
    DatabaseFixture::SetUp();
    if (IsSkipped()) return;
    files_ = open_files("alice");
    id_ = share::make_job_id(system::system_clock().now_ns());
    job_ = share::job_path(id_);
  }

  /// A published job with this `job` file.
  std::unique_ptr<system::File> publish(std::string_view content) {
    EXPECT_TRUE(files_->make_directory("staging/" + id_));
    auto file = *files_->create("staging/" + id_ + "/job");
    EXPECT_TRUE(file->append(bytes_of(content)));
    EXPECT_TRUE((*files_->open_append("active/" + id_))->append(bytes_of(".")));
    EXPECT_TRUE(files_->rename("staging/" + id_, job_));
    return file;
  }
  std::string read(const std::string& name) {
    return files_->read_all(job_ + "/" + name, 8 << 20).value_or("(error)");
  }

  std::shared_ptr<DatabaseFiles> files_;
  std::string id_;
  std::string job_;
};

}  // namespace errand::database
