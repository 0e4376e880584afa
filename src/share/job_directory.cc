// SPDX-License-Identifier: Apache-2.0
#include "share/job_directory.h"

#include <algorithm>

#include "journal/record.h"
#include "system/temporary_name.h"
#include "system/try.h"

namespace errand::share {
namespace {

constexpr std::uint64_t record_file_limit = std::uint64_t{64} << 20;
constexpr std::uint64_t seal_limit = std::uint64_t{1} << 20;

Error job_missing(const Place& place, const std::string& id) {
  return {ErrorCode::job_missing, "there is no job " + id + " in " + place.path(), false, "", 0};
}

}  // namespace

Result<std::unique_ptr<JobDirectory>> JobDirectory::open(std::shared_ptr<Place> place,
                                                         const std::string& id) {
  std::unique_ptr<JobDirectory> job(new JobDirectory(std::move(place), id));
  TRY_VOID(job->refresh());
  return job;
}

Result<void> JobDirectory::refresh() {
  auto entries = place_->files().list(path());
  if (!entries) {
    if (entries.error().code == ErrorCode::not_found) return job_missing(*place_, id_);
    return std::move(entries).error();
  }
  names_.clear();
  strangers_.clear();
  requests_ = 0;
  for (const std::string& entry : *entries) {
    if (auto name = parse_job_file_name(entry)) {
      if (name->kind == JobFileName::Kind::request) requests_ = std::max(requests_, name->number);
      names_.push_back(*std::move(name));
    } else if (entry[0] != '.') {  // a file being published has a dot
      strangers_.push_back(entry);
    }
  }
  return {};
}

Result<void> JobDirectory::refresh_from_server() {
  if (place_->files().is_network()) {
    const std::string name = system::temporary_beside(path() + "/listing");
    TRY_VOID(place_->files().create(name));
    (void)place_->files().remove(name);
  }
  return refresh();
}

bool JobDirectory::has(JobFileName::Kind kind) const {
  return std::any_of(names_.begin(), names_.end(), [kind](const auto& name) { return name.kind == kind; });
}

std::vector<WorkerKey> JobDirectory::logs() const {
  std::vector<WorkerKey> keys;
  for (const JobFileName& name : names_) {
    if (name.kind == JobFileName::Kind::log) keys.push_back({name.chunk, name.generation, name.worker});
  }
  std::sort(keys.begin(), keys.end());
  return keys;
}

std::uint32_t JobDirectory::generation(std::uint32_t chunk) const {
  std::uint32_t highest = 0;
  for (const JobFileName& name : names_) {
    if (name.kind == JobFileName::Kind::claim && name.chunk == chunk) {
      highest = std::max(highest, name.generation);
    }
  }
  return highest;
}

std::uint32_t JobDirectory::submissions() const {
  std::uint32_t highest = 0;
  for (const JobFileName& name : names_) {
    if (name.kind == JobFileName::Kind::submission) highest = std::max(highest, name.number);
  }
  return highest;
}

Result<TaskSource*> JobDirectory::tasks() {
  if (!tasks_) {
    auto opened = TaskSource::open(place_->files(), path(), place_->trusted());
    if (!opened && opened.error().code == ErrorCode::not_found) return job_missing(*place_, id_);
    if (!opened) return std::move(opened).error();
    tasks_ = *std::move(opened);
  }
  return tasks_.get();
}

/// Nothing where all of the file is read already, or has to be: nobody may have found it whole so far.
const TaskOutline* JobDirectory::outline() {
  if (tasks_) return nullptr;
  if (!outline_ && has(JobFileName::Kind::log)) outline_ = read_outline(place_->files(), path());
  return outline_ ? &*outline_ : nullptr;
}

Result<const Manifest*> JobDirectory::manifest() {
  if (const TaskOutline* known = outline()) return &known->manifest;
  TRY(TaskSource * source, tasks());
  return &source->manifest();
}

Result<JobDirectory::Extent> JobDirectory::extent() {
  if (const TaskOutline* known = outline()) return Extent{known->total, true};
  TRY(TaskSource * source, tasks());
  (void)source->refresh();  // of a growing job; its good prefix is what there is
  return Extent{source->total(), source->closed()};
}

Result<std::string> JobDirectory::read_record(const std::string& name, journal::RecordType type,
                                              std::uint64_t limit) const {
  std::string file = path() + "/" + name;
  TRY(std::string bytes, place_->files().read_all(file, limit));
  journal::RecordReader reader(std::as_bytes(std::span(bytes)));
  auto header = reader.next();
  auto record = header ? reader.next() : std::nullopt;
  if (!record) {
    return Error{ErrorCode::corrupt,
                 file + ": " + (reader.dropped().empty() ? "cut short" : reader.dropped()), true, "", 0};
  }
  TRY_VOID(journal::parse_file_header(*header, journal::to_string(type)));
  if (record->type != type) {
    return Error{ErrorCode::corrupt, file + ": a record of another type stands in it", false, "", 0};
  }
  return std::string(record->text());
}

Result<void> JobDirectory::write_record(const std::string& name, journal::RecordType type,
                                        const std::string& body, bool durable, bool replace, WorkerKey key) {
  journal::FileHeader header;
  header.kind = journal::to_string(type);
  header.job = id_;
  header.chunk = key.chunk;
  header.generation = key.generation;
  std::string content;
  journal::append_file_header(content, header);
  journal::append_record(content, type, body, journal::must_understand);
  return place_->files().publish(path() + "/" + name, content, durable, replace);
}

std::optional<Seal> JobDirectory::seal() const {
  if (!has(JobFileName::Kind::seal)) return std::nullopt;
  auto body = read_record("seal", journal::RecordType::seal, seal_limit);
  if (!body) return std::nullopt;
  auto seal = decode_seal(*body);
  if (!seal || seal->requests != requests_) return std::nullopt;
  return *std::move(seal);
}

std::optional<Verdict> JobDirectory::verdict() const {
  if (!has(JobFileName::Kind::verdict)) return std::nullopt;
  auto body = read_record("verdict", journal::RecordType::verdict, record_file_limit);
  auto verdict = body ? decode_verdict(*body) : Result<Verdict>(body.error());
  if (!verdict) return std::nullopt;
  return *verdict;
}

Result<Request> JobDirectory::request(std::uint32_t number) const {
  TRY(std::string body, read_record(request_name(number), journal::RecordType::request, record_file_limit));
  return decode_request(body);
}

Result<Claim> JobDirectory::claim(std::uint32_t chunk, std::uint32_t generation) const {
  TRY(std::string body,
      read_record(claim_name(chunk, generation), journal::RecordType::claim, record_file_limit));
  return decode_claim(body);
}

Result<SubmissionRecord> JobDirectory::submission(std::uint32_t number) const {
  TRY(std::string body,
      read_record(submission_name(number), journal::RecordType::submission, record_file_limit));
  return decode_submission(body);
}

std::optional<Acceptance> JobDirectory::acceptance(std::uint32_t number) const {
  auto body = read_record(accepted_name(number), journal::RecordType::engine, record_file_limit);
  auto acceptance = body ? decode_acceptance(*body) : Result<Acceptance>(body.error());
  if (!acceptance) return std::nullopt;
  return *std::move(acceptance);
}

Result<std::uint32_t> JobDirectory::add_submission(const SubmissionRecord& record) {
  const std::uint32_t number = submissions() + 1;
  // Exclusive: of two that retry at once, one submits.
  TRY_VOID(
      write_record(submission_name(number), journal::RecordType::submission, encode(record), true, false));
  TRY_VOID(refresh());
  return number;
}

Result<void> JobDirectory::write_acceptance(std::uint32_t number, const Acceptance& acceptance) {
  return write_record(accepted_name(number), journal::RecordType::engine, encode(acceptance), false, true);
}

Result<WorkerProgress> JobDirectory::progress(const WorkerKey& key) const {
  return read_progress(place_->files(), path() + "/" + progress_name(key));
}

bool JobDirectory::cancel_pending() const {
  auto answered = verdict();
  for (std::uint32_t number = requests_; number > (answered ? answered->request : 0); --number) {
    auto asked = request(number);
    if (asked && asked->kind == Request::Kind::cancel) return true;
  }
  return false;
}

Result<std::uint32_t> JobDirectory::add_request(const Request& request) {
  std::string body = encode(request);
  for (std::uint32_t number = requests_ + 1;; ++number) {
    auto written = write_record(request_name(number), journal::RecordType::request, body, true, false);
    if (written) {
      TRY_VOID(refresh());
      return number;
    }
    if (written.error().code == ErrorCode::not_found) return job_missing(*place_, id_);
    if (written.error().code != ErrorCode::exists) return std::move(written).error();
  }
}

Result<void> JobDirectory::add_claim(std::uint32_t chunk, std::uint32_t generation, const Claim& claim) {
  // The first generation accepts nothing, so that losing its content to a power cut loses nothing.
  TRY_VOID(write_record(claim_name(chunk, generation), journal::RecordType::claim, encode(claim),
                        generation > 1, false, {chunk, generation, 0}));
  JobFileName name;
  name.kind = JobFileName::Kind::claim;
  name.chunk = chunk;
  name.generation = generation;
  names_.push_back(name);
  return {};
}

Result<void> JobDirectory::write_seal(const Seal& seal) {
  // Derivable, so not synced: a power cut costs one scan.
  TRY_VOID(write_record("seal", journal::RecordType::seal, encode(seal), false, true));
  JobFileName name;
  name.kind = JobFileName::Kind::seal;
  if (!has(name.kind)) names_.push_back(name);
  return {};
}

Result<void> JobDirectory::write_verdict(const Verdict& verdict) {
  TRY_VOID(write_record("verdict", journal::RecordType::verdict, encode(verdict), true, true));
  return refresh();
}

}  // namespace errand::share
