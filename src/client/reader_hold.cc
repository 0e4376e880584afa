// SPDX-License-Identifier: Apache-2.0
#include "client/reader_hold.h"

#include <unistd.h>

#include <cctype>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>

#include "journal/record.h"
#include "share/names.h"
#include "system/processes.h"
#include "system/try.h"

namespace errand::client {

struct ReaderHold::Shared {
  std::unique_ptr<system::File> file;  ///< locked; empty: there could be none
  std::string reader;
};

namespace {

constexpr std::string_view hold_prefix = "hold-";
constexpr std::size_t unique_length = 16;

struct Holds {
  std::mutex mutex;
  std::map<std::string, std::weak_ptr<ReaderHold::Shared>> by_job;  ///< absolute directory -> hold
};

Holds& holds() {
  static auto* all = new Holds;  // never destroyed: threads may read while the process ends
  return *all;
}

std::string file_of(const share::JobDirectory& job, const std::string& reader) {
  share::JobFileName name;
  name.kind = share::JobFileName::Kind::fetched;
  name.reader = reader;
  return job.path() + "/" + to_name(name);
}

std::string header_of(const share::JobDirectory& job) {
  journal::FileHeader header;
  header.kind = "fetched";
  header.job = job.id();
  std::string content;
  journal::append_file_header(content, header);
  return content;
}

std::string key_of(const share::JobDirectory& job) {
  return job.place().files().absolute(job.path());
}

/// A reader's name may hold letters, digits and '-' only.
std::string as_reader(std::string text) {
  for (char& c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '-';
  }
  return text.substr(0, 60);
}

std::shared_ptr<ReaderHold::Shared> make_hold(share::JobDirectory& job) {
  auto hold = std::make_shared<ReaderHold::Shared>();
  hold->reader = std::string(hold_prefix) +
                 share::make_job_id(job.place().clock().now_ns()).substr(share::id_length - unique_length);
  auto file = job.place().files().create(file_of(job, hold->reader));
  if (!file) return hold;
  auto locked = (*file)->try_lock();
  if (locked && *locked) {
    hold->file = *std::move(file);
  } else {
    (void)job.place().files().remove(file_of(job, hold->reader));
  }
  return hold;
}

/// Somebody else's hold that is alive; one that is not is removed.
bool is_held(share::JobDirectory& job, const std::string& reader) {
  auto file = job.place().files().open_read(file_of(job, reader));
  if (!file) return file.error().code != ErrorCode::not_found;
  auto locked = (*file)->is_locked();
  if (!locked || *locked) return true;
  (void)job.place().files().remove(file_of(job, reader));
  return false;
}

}  // namespace

void ReaderHold::take() {
  Holds& all = holds();
  const std::lock_guard lock(all.mutex);
  auto& known = all.by_job[key_of(job_)];
  shared_ = known.lock();
  if (shared_) return;
  shared_ = make_hold(job_);
  known = shared_;
}

ReaderHold::~ReaderHold() {
  if (!shared_) return;
  Holds& all = holds();
  const std::lock_guard lock(all.mutex);
  if (shared_.use_count() > 1) return;
  if (shared_->file && !job_is_gone_) (void)job_.place().files().remove(file_of(job_, shared_->reader));
  shared_.reset();
  all.by_job.erase(key_of(job_));
}

/// Of the threads of this process, and with a hold to tell others by, if it was taken.
bool ReaderHold::is_alone_here() const {
  Holds& all = holds();
  const std::lock_guard lock(all.mutex);
  if (shared_) return shared_->file && shared_.use_count() == 1;
  return !all.by_job.contains(key_of(job_));
}

bool ReaderHold::is_alone() {
  if (!is_alone_here() || (shared_ && !job_.refresh())) return false;
  const std::string own = shared_ ? shared_->reader : std::string();
  for (const share::JobFileName& name : job_.names()) {
    if (name.kind != share::JobFileName::Kind::fetched || name.reader == own) continue;
    if (name.reader.starts_with(hold_prefix) && is_held(job_, name.reader)) return false;
  }
  return true;
}

void ReaderHold::mark_fetched() {
  static const std::string host = system::system_processes().self().host;
  std::string reader = as_reader(std::to_string(geteuid()) + "-" + host);
  nlohmann::json body = {{"time_ns", job_.place().clock().now_ns()}, {"host", host}, {"user", geteuid()}};
  std::string packed;
  nlohmann::json::to_msgpack(body, nlohmann::detail::output_adapter<char>(packed));
  std::string content = header_of(job_);
  journal::append_record(content, journal::RecordType::fetched, packed);
  (void)job_.place().files().publish(file_of(job_, reader), content, false, true);
}

}  // namespace errand::client
