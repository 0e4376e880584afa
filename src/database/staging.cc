// SPDX-License-Identifier: Apache-2.0
#include "database/staging.h"

#include <cerrno>
#include <cstring>

#include "database/statements.h"
#include "system/try.h"

namespace errand::database {
namespace {

constexpr std::size_t most_in_memory = std::size_t{1} << 20;

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

std::string file_name_of(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

std::string staging_directory(const std::string& id) {
  return "staging/" + id;
}

}  // namespace

/// The job's file, whichever state the submission is in; it outlives the publishing (growing jobs).
class StagedFile final : public TableFile {
 public:
  explicit StagedFile(std::shared_ptr<StagedJob> job) : job_(std::move(job)) {}

  Result<void> append(std::span<const std::byte> bytes) override { return job_->append(bytes); }
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) override {
    if (job_->blocks_) return job_->blocks_->read_at(offset, into);
    if (offset >= job_->content_.size()) return std::size_t{0};
    const std::size_t count = std::min<std::size_t>(into.size(), job_->content_.size() - offset);
    std::memcpy(into.data(), job_->content_.data() + offset, count);
    return count;
  }
  Result<system::FileInfo> info() override {
    if (job_->blocks_) return job_->blocks_->info();
    return info_of({job_->owner_, staging_directory(job_->id_), job_->file_}, system::FileInfo::Kind::file,
                   job_->content_.size(), 0);
  }
  Result<Buffer> view(std::uint64_t offset, std::uint64_t length) override {
    if (job_->blocks_) return job_->blocks_->view(offset, length);
    if (offset >= job_->content_.size()) return Buffer();
    return Buffer::copy_of(std::string_view(job_->content_).substr(offset, length));
  }

 private:
  std::shared_ptr<StagedJob> job_;
};

Result<std::unique_ptr<system::File>> StagedJob::create(const std::string& file) {
  if (!file_.empty())
    return Error{ErrorCode::exists, "a submission has one file, " + file_, false, "", EEXIST};
  file_ = file;
  return std::unique_ptr<system::File>(new StagedFile(shared_from_this()));
}

Result<void> StagedJob::append(std::span<const std::byte> bytes) {
  if (blocks_) return blocks_->append(bytes);
  content_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return content_.size() > most_in_memory ? spill() : Result<void>();
}

Result<void> StagedJob::spill() {
  Parameters parameters;
  const std::string directory = staging_directory(id_);
  parameters.text(owner_).text(directory);
  if (auto made = session_->run(statements::make_directory, parameters); !made)
    return std::move(made).error();
  blocks_ = std::make_unique<BlockFile>(session_, BlockLocation{owner_, directory, file_}, 0);
  std::string content = std::move(content_);
  content_.clear();
  return blocks_->append(bytes_of(content));
}

Result<bool> StagedJob::is_published(const std::string& job_directory) {
  Parameters parameters;
  parameters.text(owner_).text(job_directory);
  TRY(Rows rows, session_->run(statements::job_info, parameters));
  return rows.count() > 0;
}

Result<void> StagedJob::publish(const std::string& job_directory) {
  auto published = blocks_ ? publish_spilled(job_directory) : publish_in_memory(job_directory);
  published_ = published.ok();
  return published;
}

Result<void> StagedJob::publish_in_memory(const std::string& job_directory) {
  const std::string active = active_ ? "true" : "false";
  Parameters parameters;
  parameters.text(owner_).text(job_directory).text(file_).bytes(bytes_of(content_)).text(active).text(id_);
  const std::string program = file_name_of(program_);
  if (!program_.empty()) parameters.bytes(bytes_of(program_)).text(program);
  bool repeated = false;
  auto made = session_->run(program_.empty() ? statements::publish_job : statements::publish_program_job,
                            parameters, &repeated);
  if (!made) {
    // Its id is random: if it is there after a lost session, the first try was carried out.
    if (!repeated || made.error().code != ErrorCode::exists) return std::move(made).error();
    TRY(bool there, is_published(job_directory));
    if (!there) return std::move(made).error();
  } else if (made->count() == 0) {
    return no_such_file(program_);
  }
  blocks_ =
      std::make_unique<BlockFile>(session_, BlockLocation{owner_, job_directory, file_}, content_.size());
  content_ = std::string();
  return {};
}

Result<void> StagedJob::publish_spilled(const std::string& job_directory) {
  const std::string staged = staging_directory(id_);
  if (!program_.empty()) {
    const std::string program = file_name_of(program_);
    TRY(Rows there, session_->run(statements::use_program, Parameters().text(owner_).text(program)));
    if (there.count() == 0) return no_such_file(program_);
    BlockFile link(session_, {owner_, staged, "program"}, 0);
    TRY_VOID(link.append(bytes_of(program_)));
  }
  const std::string active = active_ ? "true" : "false";
  Parameters parameters;
  parameters.text(owner_).text(job_directory).text(staged).text(active).text(id_);
  bool repeated = false;
  TRY(Rows moved, session_->run(statements::publish_staged, parameters, &repeated));
  bool done = moved.count() > 0;
  if (!done && repeated) {
    TRY(done, is_published(job_directory));
  }
  if (!done) return no_such_file(staged);
  TRY(blocks_, BlockFile::open(session_, {owner_, job_directory, file_}));
  return {};
}

void StagedJob::discard() {
  if (!blocks_ || published_) return;
  Parameters parameters;
  const std::string directory = staging_directory(id_);
  parameters.text(owner_).texts({&directory, 1});
  (void)session_->run(statements::discard, parameters);
}

Result<void> Staging::make(const std::string& directory) {
  const std::lock_guard lock(mutex_);
  const std::string id = directory.substr(directory.rfind('/') + 1);
  auto [job, made] = jobs_.try_emplace(directory, std::make_shared<StagedJob>(session_, owner_, id));
  if (!made) return Error{ErrorCode::exists, directory + " is there already", false, "", EEXIST};
  return {};
}

std::shared_ptr<StagedJob> Staging::find(const std::string& directory) {
  const std::lock_guard lock(mutex_);
  auto job = jobs_.find(directory);
  return job == jobs_.end() ? nullptr : job->second;
}

std::shared_ptr<StagedJob> Staging::take(const std::string& directory) {
  const std::lock_guard lock(mutex_);
  auto job = jobs_.find(directory);
  if (job == jobs_.end()) return nullptr;
  auto taken = std::move(job->second);
  jobs_.erase(job);
  return taken;
}

}  // namespace errand::database
