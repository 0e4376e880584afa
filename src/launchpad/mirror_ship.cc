// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "journal/record.h"
#include "launchpad/mirror.h"
#include "share/job_directory.h"
#include "share/sealing.h"
#include "system/try.h"

/// From the scratch place into the database.
namespace errand::launchpad {
namespace {

using Kind = share::JobFileName::Kind;
constexpr std::uint64_t whole_limit = std::uint64_t{64} << 20;
/// Of one log or values file at a time, so that memory does not grow with them.
constexpr std::uint64_t window = std::uint64_t{4} << 20;
constexpr std::uint64_t largest_record = std::uint64_t{1} << 30;
/// Progress is a hint and each page a row that is replaced.
constexpr std::int64_t progress_interval_ns = 1'000'000'000;
/// How much a console file grows before its holes are looked for again.
constexpr std::uint64_t hole_interval = std::uint64_t{1} << 20;
/// A task may close a file of its own to us for ever.
constexpr int most_refusals = 100;

Result<std::string> read_part(system::File& file, std::uint64_t offset, std::uint64_t length) {
  std::string bytes(length, '\0');
  TRY(const std::size_t got, file.read_at(offset, std::as_writable_bytes(std::span(bytes))));
  bytes.resize(got);
  return bytes;
}

/// The whole and verified records from `start` on, at least one if one is whole, some megabytes at a time.
Result<std::string> read_records(system::File& file, std::uint64_t start) {
  TRY(const system::FileInfo info, file.info());
  if (info.size <= start) return std::string();
  const std::uint64_t size = info.size - start;
  for (std::uint64_t length = std::min(window, size);; length = std::min(length * 4, size)) {
    TRY(std::string bytes, read_part(file, start, length));
    journal::RecordReader reader(std::as_bytes(std::span(bytes)));
    while (reader.next()) {
    }
    if (reader.good_end() > 0 || length == size || length > largest_record) {
      bytes.resize(reader.good_end());
      return bytes;
    }
  }
}

/// The next stretch of the file from `offset` on that is no hole, as [begin, end); empty at `size`.
std::pair<std::uint64_t, std::uint64_t> next_data(const system::File& file, std::uint64_t offset,
                                                  std::uint64_t size) {
  const int descriptor = file.descriptor();
  if (offset >= size || descriptor < 0) return {offset, size};
  const off_t begin = lseek(descriptor, static_cast<off_t>(offset), SEEK_DATA);
  if (begin < 0) return errno == ENXIO ? std::pair{size, size} : std::pair{offset, size};
  const off_t end = lseek(descriptor, begin, SEEK_HOLE);
  if (end < 0) return {static_cast<std::uint64_t>(begin), size};
  return {static_cast<std::uint64_t>(begin), std::min<std::uint64_t>(static_cast<std::uint64_t>(end), size)};
}

/// Two pages that differ in the heartbeat alone say the same.
std::string without_heartbeat(std::string page) {
  if (page.size() >= sizeof(share::ProgressPage)) {
    std::memset(page.data() + offsetof(share::ProgressPage, heartbeat), 0, sizeof(std::uint64_t));
  }
  return page;
}

std::string without_task(std::string page) {
  if (page.size() >= sizeof(share::ProgressPage)) {
    const std::uint64_t none = share::ProgressPage::no_task;
    std::memcpy(page.data() + offsetof(share::ProgressPage, current_task), &none, sizeof none);
  }
  return page;
}

/// Of a name that was parsed before.
Kind kind_of(const std::string& name) {
  return share::parse_job_file_name(name)->kind;
}

std::string seal_file(const std::string& id, const share::Seal& seal) {
  std::string content;
  journal::FileHeader header;
  header.kind = journal::to_string(journal::RecordType::seal);
  header.job = id;
  journal::append_file_header(content, header);
  journal::append_record(content, journal::RecordType::seal, encode(seal), journal::must_understand);
  return content;
}

}  // namespace

Result<std::set<std::string>> Mirror::take_changed() {
  std::set<std::string> names(changed_.begin(), changed_.end());
  if (look_at_all_) {
    TRY(auto entries, place_->files().list(path()));
    for (const std::string& entry : entries) {
      auto name = share::parse_job_file_name(entry);
      if (name && is_ours(*name)) names.insert(entry);
    }
  }
  changed_.clear();
  look_at_all_ = urgent_ = false;
  return names;
}

/// A regular file that the tasks' own user wrote, or nothing else is. A new one belongs to him alone for a
/// moment before it is opened to us, and nobody tells us when that is over: it is looked at again.
Result<std::unique_ptr<system::File>> Mirror::open(const std::string& name) {
  auto opened = place_->files().open_read(job_file(job_.id, name));
  const bool is_closed_to_us = !opened && opened.error().code == ErrorCode::place_unreadable;
  if (is_closed_to_us && ++refusals_[name] <= most_refusals) changed_.insert(name);
  TRY(auto file, std::move(opened));
  TRY(const system::FileInfo info, file->info());
  if (info.owner == terms_.uid) return file;
  return Error{ErrorCode::foreign_owner, name + " of " + job_.id + " is not the tasks'", false, "", 0};
}

Result<void> Mirror::ship(std::int64_t now_ns) {
  return ship_changes(now_ns, false);
}

/// `last`: with the last of it the job is let go, where one statement can do that.
Result<void> Mirror::ship_changes(std::int64_t now_ns, bool last) {
  if (in_doubt_) TRY_VOID(resync());
  TRY(const std::set<std::string> names, take_changed());
  for (bool more = !names.empty(); more;) {
    auto shipped = ship_round(names, now_ns, last);
    if (!shipped) {
      in_doubt_ = true;
      return std::move(shipped).error();
    }
    more = *shipped;
  }
  return {};
}

/// What the logs have behind what is shipped of them, by name.
Result<std::map<std::string, std::string>> Mirror::read_tails(const std::set<std::string>& names) {
  std::map<std::string, std::string> tails;
  for (const std::string& name : names) {
    if (kind_of(name) != Kind::log) continue;
    auto file = open(name);
    if (!file) continue;  // gone, or not to be believed
    // A worker's log without records says that it has started.
    const bool is_new = !shipped_.contains(name);
    TRY(std::string bytes, read_records(**file, shipped_[name]));
    if (is_new || !bytes.empty()) tails.emplace(name, std::move(bytes));
  }
  return tails;
}

/// True if a log has more to ship.
Result<bool> Mirror::ship_round(const std::set<std::string>& names, std::int64_t now_ns, bool last) {
  Shipment shipment(depot_, job_);
  const bool with_progress = now_ns - progress_ns_ >= progress_interval_ns;
  for (const std::string& name : names) {
    if (kind_of(name) == Kind::claim) TRY_VOID(ship_whole(shipment, name));
  }
  // Read before the values are looked at: what a log refers to is there by then.
  TRY(const auto tails, read_tails(names));
  for (const std::string& name : names) {
    const Kind kind = kind_of(name);
    if (kind == Kind::values || kind == Kind::console) {
      TRY_VOID(ship_bytes(shipment, name, kind == Kind::console));
    }
    if (kind == Kind::progress && with_progress) TRY_VOID(ship_page(shipment, name));
  }
  for (const auto& [name, bytes] : tails) TRY_VOID(shipment.add(name, shipped_[name], bytes));
  if (names.contains("verdict")) TRY_VOID(ship_whole(shipment, "verdict"));
  if (names.contains("seal")) TRY_VOID(ship_seal(shipment));
  const bool more = std::any_of(tails.begin(), tails.end(),
                                [](const auto& tail) { return tail.second.size() >= window / 2; });
  // Of a canceled job there is something to remove afterwards.
  if (last && !more && !whole_.contains("verdict")) {
    TRY(released_, shipment.finish_and_release(version_));
  } else {
    TRY_VOID(shipment.finish());
  }
  for (const auto& [name, bytes] : tails) shipped_[name] += bytes.size();
  if (with_progress) progress_ns_ = now_ns;
  TRY_VOID(remove_canceled());
  return more;
}

Result<void> Mirror::ship_whole(Shipment& shipment, const std::string& name) {
  auto file = open(name);
  if (!file) return {};
  TRY(std::string bytes, read_part(**file, 0, std::min(whole_limit, (*file)->info().value_or({}).size)));
  std::string& known = whole_[name];
  if (bytes == known) return {};
  TRY_VOID(shipment.add(name, 0, bytes));
  known = std::move(bytes);
  return {};
}

/// Bytes that are not looked into.
Result<void> Mirror::ship_bytes(Shipment& shipment, const std::string& name, bool has_holes) {
  auto file = open(name);
  if (!file) return {};
  TRY(const system::FileInfo info, (*file)->info());
  std::uint64_t& known = shipped_[name];
  while (known < info.size) {
    auto [begin, end] = has_holes ? next_data(**file, known, info.size) : std::pair{known, info.size};
    TRY(std::string bytes, read_part(**file, begin, std::min(window, end - begin)));
    if (bytes.empty()) break;
    TRY_VOID(shipment.add(name, begin, bytes));
    known = begin + bytes.size();
  }
  if (has_holes && known >= punched_at_[name] + hole_interval) TRY_VOID(punch_holes(name, **file, known));
  return {};
}

/// The middle of a very long text is given back behind us: from the database, too.
Result<void> Mirror::punch_holes(const std::string& name, system::File& file, std::uint64_t size) {
  punched_at_[name] = size;
  std::uint64_t offset = 0;
  while (offset < size) {
    auto [begin, end] = next_data(file, offset, size);
    if (begin > offset) TRY_VOID(depot_.punch(job_, name, offset, begin));
    if (end <= offset) break;
    offset = end;
  }
  return {};
}

Result<void> Mirror::ship_page(Shipment& shipment, const std::string& name) {
  auto file = open(name);
  if (!file) return {};
  TRY(std::string page, read_part(**file, 0, sizeof(share::ProgressPage)));
  if (page.size() < sizeof(share::ProgressPage)) return {};
  if (hands_cleared_) page = without_task(std::move(page));
  std::string told = without_heartbeat(page);
  std::string& known = whole_[name];
  if (told == known) return {};
  TRY_VOID(shipment.add(name, 0, page));
  known = std::move(told);
  return {};
}

Result<void> Mirror::ship_progress() {
  if (in_doubt_) return {};
  Shipment shipment(depot_, job_);
  TRY(auto entries, place_->files().list(path()));
  for (const std::string& entry : entries) {
    auto name = share::parse_job_file_name(entry);
    if (name && name->kind == Kind::progress && is_ours(*name)) TRY_VOID(ship_page(shipment, entry));
  }
  auto shipped = shipment.finish();
  in_doubt_ = in_doubt_ || !shipped;
  return shipped;
}

/// The local engine sealed what it was given: in the database the job is its submitter's.
Result<void> Mirror::ship_seal(Shipment& shipment) {
  auto directory = share::JobDirectory::open(place_, job_.id);
  if (!directory) return {};
  auto seal = (*directory)->seal();
  if (!seal) return {};
  const share::Manifest& original = landed_.original;
  if (!original.id.empty()) {
    seal->engine = original.context.engine;
    seal->host = original.submitter.host;
    seal->user = original.user;
    seal->context_hash = share::context_hash(original.context);
  }
  std::string bytes = seal_file(job_.id, *seal);
  std::string& known = whole_["seal"];
  if (bytes == known) return {};
  TRY_VOID(shipment.add("seal", 0, bytes));
  known = std::move(bytes);
  return {};
}

/// What a canceled job had is removed once its verdict is there, as in any place.
Result<void> Mirror::remove_canceled() {
  if (!whole_.contains("verdict")) return {};
  auto directory = share::JobDirectory::open(place_, job_.id);
  auto verdict = directory ? (*directory)->verdict() : std::nullopt;
  if (!verdict || !verdict->canceled) return {};
  TRY(auto listing, depot_.look(job_));
  if (!listing) return {};
  for (const auto& [file, size] : listing->sizes) {
    auto name = share::parse_job_file_name(file);
    const bool kept =
        name && (name->kind == Kind::verdict || name->kind == Kind::seal || name->kind == Kind::request);
    if (!kept) TRY_VOID(depot_.remove(job_, file));
  }
  return {};
}

}  // namespace errand::launchpad
