// SPDX-License-Identifier: Apache-2.0
#include "share/outcome_index.h"

#include <algorithm>
#include <cstring>

#include "journal/record.h"
#include "system/try.h"

namespace errand::share {
namespace {

constexpr unsigned offset_bits = 44;
constexpr std::uint64_t offset_mask = (std::uint64_t{1} << offset_bits) - 1;

std::uint64_t make_place(std::size_t log, std::uint64_t offset) {
  return (static_cast<std::uint64_t>(log) + 1) << offset_bits | offset;
}
std::size_t log_of(std::uint64_t place) {
  return static_cast<std::size_t>((place >> offset_bits) - 1);
}

}  // namespace

Result<void> OutcomeIndex::refresh(std::uint64_t total, const Arrived& arrived) {
  TRY_VOID(job_.refresh());
  return read_listed(total, arrived);
}

Result<void> OutcomeIndex::read_listed(std::uint64_t total, const Arrived& arrived) {
  TRY_VOID(read_requests());
  read_claims();
  places_.resize(std::max<std::uint64_t>(places_.size(), total));
  for (const WorkerKey& key : job_.logs()) {
    auto known = std::find_if(logs_.begin(), logs_.end(), [&](const Log& log) { return log.key == key; });
    if (known == logs_.end()) {
      Log log;
      log.key = key;
      logs_.push_back(std::move(log));
    }
  }
  for (std::size_t i = 0; i < logs_.size(); ++i) TRY_VOID(read_log(i, arrived));
  for (Log& log : logs_) {
    if (auto voucher = vouched_.find(log.key); voucher != vouched_.end()) {
      raise_durable_end(log, std::min(voucher->second, log.good_end));
    }
  }
  return {};
}

Result<void> OutcomeIndex::read_requests() {
  if (job_.requests() == requests_seen_) return {};
  for (std::uint32_t number = requests_seen_ + 1; number <= job_.requests(); ++number) {
    auto request = job_.request(number);
    if (!request) {
      problems_.push_back(request.error().message);
      continue;
    }
    if (request->kind != Request::Kind::retry) continue;
    for (auto [first, last] : request->tasks) voided_.push_back({first, last, request->first_attempt});
  }
  requests_seen_ = job_.requests();
  start_over();
  return {};
}

/// A new generation changes how much of the older logs counts: read them again.
void OutcomeIndex::read_claims() {
  std::map<std::uint32_t, std::uint32_t> now;
  for (const JobFileName& name : job_.names()) {
    if (name.kind == JobFileName::Kind::claim) {
      now[name.chunk] = std::max(now[name.chunk], name.generation);
    }
  }
  if (now == generations_seen_) return;
  bool first_time = generations_seen_.empty();
  generations_seen_ = std::move(now);
  accepted_.clear();
  for (auto [chunk, generation] : generations_seen_) {
    if (generation < 2) continue;
    auto claim = job_.claim(chunk, generation);
    if (!claim) {
      problems_.push_back(claim.error().message);
      continue;
    }
    for (const Claim::Accepted& entry : claim->accepted) accepted_[entry.log] = entry.length;
  }
  if (!first_time) start_over();
}

void OutcomeIndex::start_over() {
  logs_.clear();
  places_.assign(places_.size(), 0);
  counts_ = {};
  lost_.clear();
  vouched_.clear();
}

std::uint64_t OutcomeIndex::accepted_length(const WorkerKey& key) const {
  auto highest = generations_seen_.find(key.chunk);
  if (highest == generations_seen_.end() || key.generation >= highest->second) return Claim::Accepted::all;
  auto entry = accepted_.find(log_name(key));
  return entry == accepted_.end() ? 0 : entry->second;
}

Result<void> OutcomeIndex::read_log(std::size_t index, const Arrived& arrived) {
  Log& log = logs_[index];
  if (log.refused) return {};
  if (!log.file) {
    std::string path = job_.path() + "/" + log_name(log.key);
    auto file = job_.place().files().open_read(path);
    if (!file && file.error().code == ErrorCode::not_found) return {};  // removed since it was listed
    if (!file) return std::move(file).error();
    log.file = *std::move(file);
  }
  TRY(system::FileInfo info, log.file->info());
  std::uint64_t end = std::min(info.size, accepted_length(log.key));
  if (end <= log.good_end) return {};
  TRY(log.view, log.file->view(0, info.size));
  end = std::min<std::uint64_t>(end, log.view.size());
  journal::RecordReader reader(log.view.bytes().first(end).subspan(log.good_end), log.good_end);
  while (auto record = reader.next()) {
    TRY_VOID(take_record(index, *record, arrived));
    if (log.refused) return {};
  }
  log.good_end = reader.good_end();
  note_dropped(log, reader.dropped());
  return {};
}

/// The tail of a log being written is no problem yet; it is reported once and forgotten when more comes.
void OutcomeIndex::note_dropped(Log& log, const std::string& dropped) {
  std::string name = log_name(log.key) + ": ";
  std::erase_if(problems_, [&](const std::string& problem) { return problem.starts_with(name); });
  if (!dropped.empty()) problems_.push_back(name + dropped);
}

Result<void> OutcomeIndex::take_record(std::size_t index, const journal::Record& record,
                                       const Arrived& arrived) {
  Log& log = logs_[index];
  switch (record.type) {
    case journal::RecordType::file_header: {
      auto header = journal::parse_file_header(record, "log");
      if (!header && header.error().code == ErrorCode::version_mismatch) return std::move(header).error();
      log.refused = !header;
      if (!header) problems_.push_back(log_name(log.key) + ": " + header.error().message);
      return {};
    }
    case journal::RecordType::outcomes:
      take_outcomes(index, record, arrived);
      return {};
    case journal::RecordType::sync_mark:
      take_sync_mark(log, record);
      return {};
    case journal::RecordType::vouched:
      if (log.key.worker == 0) take_voucher(record);
      return {};
    case journal::RecordType::lost:
      if (auto lost = decode_lost(record.text()); lost && lost->attempt >= first_attempt(lost->task)) {
        Lost& sum = lost_[lost->task];
        ++(lost->counts ? sum.counted : sum.uncounted);
        sum.next_attempt = std::max(sum.next_attempt, lost->attempt + 1);
        sum.reason = lost->reason;
      }
      return {};
    default:
      return {};
  }
}

void OutcomeIndex::take_outcomes(std::size_t index, const journal::Record& record, const Arrived& arrived) {
  std::size_t position = 0;
  Log& log = logs_[index];
  log.undurable.push_back({record.offset + journal::record_size(record.body.size()), 0});
  journal::OutcomeHead outcome;
  for (std::uint64_t body = record.offset + journal::record_header_size;;) {
    std::uint64_t offset = body + position;
    if (!journal::read_head(record.body, position, outcome)) break;
    take(index, offset, outcome, arrived);
  }
  if (auto end = journal::read_outcome(record.body, position); !end) {
    problems_.push_back(log_name(log.key) + ": " + end.error().message);
  }
}

void OutcomeIndex::take_sync_mark(Log& log, const journal::Record& record) {
  std::uint64_t up_to = 0;
  if (record.body.size() < sizeof up_to) return;
  std::memcpy(&up_to, record.body.data(), sizeof up_to);
  raise_durable_end(log, std::min(up_to, record.offset));
}

/// An owner that outlived a worker synced its log; a worker's own claim to that is not to be trusted.
void OutcomeIndex::take_voucher(const journal::Record& record) {
  struct {
    std::uint32_t chunk, generation, worker, zero;
    std::uint64_t length;
  } voucher{};
  if (record.body.size() < sizeof voucher) return;
  std::memcpy(&voucher, record.body.data(), sizeof voucher);
  std::uint64_t& known = vouched_[{voucher.chunk, voucher.generation, voucher.worker}];
  known = std::max(known, voucher.length);
}

void OutcomeIndex::raise_durable_end(Log& log, std::uint64_t end) {
  if (end <= log.durable_end) return;
  log.durable_end = end;
  std::size_t covered = 0;
  while (covered < log.undurable.size() && log.undurable[covered].end <= log.durable_end) {
    counts_.durable += log.undurable[covered++].counting;
  }
  log.undurable.erase(log.undurable.begin(), log.undurable.begin() + static_cast<std::ptrdiff_t>(covered));
}

void OutcomeIndex::take(std::size_t index, std::uint64_t offset, const journal::OutcomeHead& outcome,
                        const Arrived& arrived) {
  if (outcome.task >= places_.size()) {
    // A growing job's tasks are counted before its logs are read; more can only be a newer append.
    if (outcome.task - places_.size() > (std::uint64_t{1} << 32)) return;
    places_.resize(outcome.task + 1);
  }
  if (!voided_.empty() && outcome.attempt < first_attempt(outcome.task)) return;
  std::uint64_t& place = places_[outcome.task];
  if (place != 0) {
    journal::OutcomeHead old = entry(place);
    const WorkerKey& old_key = logs_[log_of(place)].key;
    bool better =
        outcome.attempt > old.attempt || (outcome.attempt == old.attempt && logs_[index].key < old_key);
    if (!better) return;
    count(old, -1);
    forget_durability(place);
  }
  place = make_place(index, offset);
  count(outcome, 1);
  ++logs_[index].undurable.back().counting;
  if (arrived) arrived(outcome.task);
}

void OutcomeIndex::forget_durability(std::uint64_t place) {
  Log& log = logs_[log_of(place)];
  std::uint64_t offset = place & offset_mask;
  if (offset < log.durable_end) {
    --counts_.durable;
    return;
  }
  for (Undurable& group : log.undurable) {
    if (offset < group.end) {
      --group.counting;
      return;
    }
  }
}

void OutcomeIndex::count(const journal::OutcomeHead& outcome, int by) {
  std::uint64_t& counter = outcome.cause == FailureCause::none       ? counts_.values
                           : outcome.cause == FailureCause::given_up ? counts_.given_up
                                                                     : counts_.errors;
  counter += static_cast<std::uint64_t>(static_cast<std::int64_t>(by));
}

journal::OutcomeHead OutcomeIndex::entry(std::uint64_t place) const {
  std::size_t position = place & offset_mask;
  journal::OutcomeHead outcome;
  (void)journal::read_head(logs_[log_of(place)].view.bytes(), position, outcome);
  return outcome;
}

bool OutcomeIndex::is_durable(std::uint64_t task) const {
  if (!has(task)) return false;
  return (places_[task] & offset_mask) < logs_[log_of(places_[task])].durable_end;
}

std::optional<OutcomeIndex::Found> OutcomeIndex::find(std::uint64_t task) const {
  if (!has(task)) return std::nullopt;
  const Log& log = logs_[log_of(places_[task])];
  return Found{entry(places_[task]), log.key, &log.view};
}

std::optional<TaskFailure> OutcomeIndex::first_failure() const {
  if (counts_.errors + counts_.given_up == 0) return std::nullopt;
  for (std::uint64_t task = 0; task < places_.size(); ++task) {
    if (!has(task)) continue;
    journal::OutcomeHead outcome = entry(places_[task]);
    if (outcome.cause != FailureCause::none) return journal::decode_failure(outcome);
  }
  return std::nullopt;
}

std::vector<std::pair<std::uint64_t, std::uint64_t>> OutcomeIndex::missing(std::uint64_t total) const {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> runs;
  for (std::uint64_t task = 0; task < total; ++task) {
    if (has(task)) continue;
    if (!runs.empty() && runs.back().second == task) {
      ++runs.back().second;
    } else {
      runs.emplace_back(task, task + 1);
    }
  }
  return runs;
}

std::uint64_t OutcomeIndex::voided() const {
  std::uint64_t count = 0;
  for (std::uint64_t task = 0; !voided_.empty() && task < places_.size(); ++task) {
    if (!has(task) && first_attempt(task) > 0) ++count;
  }
  return count;
}

std::uint32_t OutcomeIndex::first_attempt(std::uint64_t task) const {
  std::uint32_t attempt = 0;
  for (const Voided& run : voided_) {
    if (task >= run.first && task < run.last) attempt = std::max(attempt, run.first_attempt);
  }
  return attempt;
}

}  // namespace errand::share
