// SPDX-License-Identifier: Apache-2.0
#include "client/record_text.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "journal/little_endian.h"
#include "journal/outcome.h"
#include "share/seal.h"

namespace errand::client {
namespace {

using nlohmann::json;
using Sink = std::function<void(std::string_view)>;

constexpr std::size_t most_shown = 48;

/// The beginning of some bytes: as text where they are, else in hexadecimal.
std::string shown(std::span<const std::byte> bytes) {
  std::string text;
  for (std::byte byte : bytes.first(std::min(bytes.size(), most_shown))) {
    auto c = static_cast<unsigned char>(byte);
    text += c >= 0x20 && c < 0x7f && c != '\\' ? std::string(1, static_cast<char>(c))
                                               : fmt::format("\\x{:02x}", c);
  }
  return bytes.size() > most_shown ? text + "..." : text;
}

void describe_map(const journal::Record& record, const Sink& sink) {
  json map = json::from_msgpack(record.text().begin(), record.text().end(), true, false);
  if (!map.is_object()) return sink("      its body is no map: " + shown(record.body) + "\n");
  for (const auto& [key, value] : map.items()) {
    sink(fmt::format("      {}: {}\n", key, value.dump(-1, ' ', true, json::error_handler_t::replace)));
  }
}

void describe_tasks(const journal::Record& record, const Sink& sink) {
  if (record.body.size() < 16) return sink("      cut\n");
  auto first = journal::load_little<std::uint64_t>(record.body.data());
  auto count = journal::load_little<std::uint32_t>(record.body.data() + 8);
  auto codec = static_cast<Codec>(journal::load_little<std::uint32_t>(record.body.data() + 12));
  sink(fmt::format("      first: {}, count: {}, codec: {}\n", first, count, to_string(codec)));
  std::size_t at = 16;
  for (std::uint64_t task = first; codec != Codec::none && at + 4 <= record.body.size(); ++task) {
    std::size_t length = journal::load_little<std::uint32_t>(record.body.data() + at);
    at += 4;
    if (length > record.body.size() - at) return sink("      cut\n");
    sink(fmt::format("      task {}: {} bytes {}\n", task, length, shown(record.body.subspan(at, length))));
    at += length;
  }
}

void describe_coded(const journal::Record& record, const Sink& sink) {
  if (record.body.size() < 8) return sink("      cut\n");
  auto codec = static_cast<Codec>(journal::load_little<std::uint32_t>(record.body.data()));
  auto bytes = record.body.subspan(8);
  sink(fmt::format("      codec: {}, {} bytes: {}\n", to_string(codec), bytes.size(), shown(bytes)));
}

void describe_number(const journal::Record& record, std::string_view what, const Sink& sink) {
  if (record.body.size() < 8) return sink("      cut\n");
  sink(fmt::format("      {}: {}\n", what, journal::load_little<std::uint64_t>(record.body.data())));
}

std::string value_text(const journal::Outcome& outcome) {
  if (outcome.cause != FailureCause::none) {
    TaskFailure failure = journal::decode_failure(outcome);
    return fmt::format("{}: {}: {}", to_string(outcome.cause), failure.type, failure.message);
  }
  if (!outcome.stored) {
    return fmt::format("{}, {} bytes: {}", to_string(outcome.codec), outcome.inline_bytes.size(),
                       shown(outcome.inline_bytes));
  }
  auto buffers = journal::read_stored_buffers(outcome.inline_bytes);
  if (!buffers) return buffers.error().message;
  std::string text = fmt::format("{}, stored:", to_string(outcome.codec));
  for (const journal::StoredBuffer& buffer : *buffers) {
    text += fmt::format(" [offset {}, {} bytes, hash {:016x}]", buffer.offset, buffer.length, buffer.hash);
  }
  return text;
}

void describe_outcomes(const journal::Record& record, const Sink& sink) {
  for (std::size_t position = 0;;) {
    auto outcome = journal::read_outcome(record.body, position);
    if (!outcome) return sink("      " + outcome.error().message + "\n");
    if (!outcome->has_value()) return;
    const journal::Outcome& entry = **outcome;
    std::string line = fmt::format("      task {}, attempt {}, {} us, {}", entry.task, entry.attempt,
                                   entry.elapsed_us, value_text(entry));
    if (entry.console) line += fmt::format(", console {}..{}", entry.console->begin, entry.console->end);
    if (entry.usage) {
      line += fmt::format(", started {}, user {} ms, system {} ms, peak {} bytes", entry.usage->started_ns,
                          entry.usage->user_ms, entry.usage->system_ms, entry.usage->peak_rss);
    }
    sink(line + "\n");
  }
}

void describe_seal(const journal::Record& record, const Sink& sink) {
  auto seal = share::decode_seal(record.text());
  if (!seal) return sink("      " + seal.error().message + "\n");
  const Progress& progress = seal->report.progress;
  sink(fmt::format("      status: {}\n      reason: {}\n      succeeded: {}, failed: {}, total: {}\n",
                   to_string(seal->report.status), seal->report.reason, progress.succeeded, progress.failed,
                   progress.total));
  sink(fmt::format(
      "      requests: {}\n      created_ns: {}\n      sealed_ns: {}\n      context hash: {:016x}\n",
      seal->requests, seal->created_ns, seal->sealed_ns, seal->context_hash));
  sink(fmt::format("      function: {}\n      engine: {}\n      host: {}\n      user: {}\n", seal->function,
                   seal->engine, seal->host, seal->user));
}

}  // namespace

void describe_record(const journal::Record& record, const Sink& sink) {
  sink(fmt::format("  {:>8}  {} ({} bytes{})\n", record.offset, to_string(record.type), record.body.size(),
                   (record.flags & journal::must_understand) != 0 ? ", must be understood" : ""));
  switch (record.type) {
    case journal::RecordType::tasks:
      return describe_tasks(record, sink);
    case journal::RecordType::arguments:
    case journal::RecordType::function:
      return describe_coded(record, sink);
    case journal::RecordType::closed:
      return describe_number(record, "tasks", sink);
    case journal::RecordType::sync_mark:
      return describe_number(record, "durable up to byte", sink);
    case journal::RecordType::outcomes:
      return describe_outcomes(record, sink);
    case journal::RecordType::seal:
      return describe_seal(record, sink);
    default:
      return describe_map(record, sink);
  }
}

}  // namespace errand::client
