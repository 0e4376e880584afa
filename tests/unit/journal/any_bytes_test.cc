// SPDX-License-Identifier: Apache-2.0
// Whatever bytes a disk gives back, the readers give records or an end, and never more than was written.
#ifdef ERRAND_HAVE_RAPIDCHECK
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>

#include "journal/log_reader.h"
#include "journal/outcome.h"
#include "journal/record.h"
#include "scripted_file.h"

namespace errand::journal {
namespace {

struct Log {
  std::string bytes;
  std::vector<std::string> bodies;
  std::vector<std::size_t> ends;  ///< of each record
};

std::string outcomes_body() {
  std::string body;
  for (int count = *rc::gen::inRange(0, 6); count > 0; --count) {
    auto value = *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
    Outcome outcome;
    outcome.task = *rc::gen::arbitrary<std::uint64_t>();
    outcome.attempt = *rc::gen::arbitrary<std::uint32_t>();
    if (*rc::gen::arbitrary<bool>()) outcome.console = ConsoleSpan{1, 2};
    if (*rc::gen::arbitrary<bool>()) outcome.usage = Usage{1, 2, 3, 4};
    outcome.inline_bytes = bytes_of(value);
    append_outcome(body, outcome);
  }
  return body;
}

Log any_log() {
  Log log;
  for (int count = *rc::gen::inRange(1, 8); count > 0; --count) {
    auto type = static_cast<RecordType>(*rc::gen::inRange(1, 17));
    log.bodies.push_back(outcomes_body());
    append_record(log.bytes, type, log.bodies.back());
    log.ends.push_back(log.bytes.size());
  }
  return log;
}

/// Reads everything every parser can find in the bytes; the bodies of the records.
std::vector<std::string> read_everything(const std::string& bytes) {
  // A copy of exactly that size: a sanitizer sees every read beyond it.
  std::vector<char> exact(bytes.begin(), bytes.end());
  std::span<const char> chars(exact);
  std::vector<std::string> found;
  RecordReader reader(std::as_bytes(chars));
  while (auto record = reader.next()) {
    found.emplace_back(record->text());
    (void)parse_file_header(*record, "log");
    std::size_t position = 0;
    for (;;) {
      auto outcome = read_outcome(record->body, position);
      if (!outcome || !*outcome) break;
      (void)decode_failure(**outcome);
      (void)read_stored_buffers((*outcome)->inline_bytes);
    }
  }
  RC_ASSERT(reader.good_end() <= bytes.size());
  RC_ASSERT((reader.good_end() == bytes.size()) == reader.dropped().empty());
  return found;
}

bool is_prefix(const std::vector<std::string>& part, const std::vector<std::string>& whole) {
  return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

TEST(AnyBytes, WholeLogsComeBack) {
  EXPECT_TRUE(rc::check([] {
    Log log = any_log();
    RC_ASSERT(read_everything(log.bytes) == log.bodies);
  }));
}

TEST(AnyBytes, EveryTruncationKeepsExactlyTheWholeRecords) {
  EXPECT_TRUE(rc::check([] {
    Log log = any_log();
    for (std::size_t size = 0; size <= log.bytes.size(); ++size) {
      auto found = read_everything(log.bytes.substr(0, size));
      auto whole = std::upper_bound(log.ends.begin(), log.ends.end(), size) - log.ends.begin();
      RC_ASSERT(found.size() == static_cast<std::size_t>(whole));
      RC_ASSERT(is_prefix(found, log.bodies));
    }
  }));
}

TEST(AnyBytes, FlippedBitsNeverMakeUpARecord) {
  EXPECT_TRUE(rc::check([] {
    Log log = any_log();
    int flips = *rc::gen::inRange(1, 20);
    for (; flips > 0; --flips) {
      auto bit = *rc::gen::inRange<std::size_t>(0, log.bytes.size() * 8);
      log.bytes[bit / 8] = static_cast<char>(log.bytes[bit / 8] ^ (1 << (bit % 8)));
    }
    RC_ASSERT(is_prefix(read_everything(log.bytes), log.bodies));
  }));
}

TEST(AnyBytes, RandomBytesGiveAnEnd) {
  EXPECT_TRUE(rc::check([] {
    auto bytes = *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
    RC_ASSERT(read_everything(bytes).empty());
  }));
}

TEST(AnyBytes, RandomBodiesBehindARightChecksumAreHarmless) {
  EXPECT_TRUE(rc::check([] {
    auto body = *rc::gen::container<std::string>(rc::gen::oneOf(
        rc::gen::arbitrary<char>(), rc::gen::element('\0', '\x81', '\x91', '\xdd', '\xc6', '\xff')));
    std::string bytes;
    append_record(bytes, static_cast<RecordType>(*rc::gen::inRange(1, 17)), body);
    RC_ASSERT(read_everything(bytes) == std::vector<std::string>{body});
  }));
}

TEST(AnyBytes, TailingInAnyStepsSeesWhatReadingAtOnceSees) {
  EXPECT_TRUE(rc::check([] {
    Log log = any_log();
    auto state = std::make_shared<FileState>();
    LogReader reader(open_scripted(state), "log");
    std::vector<std::string> found;
    auto visit = [&](const Record& record) -> Result<void> {
      found.emplace_back(record.text());
      return {};
    };
    auto cuts =
        *rc::gen::container<std::set<std::size_t>>(rc::gen::inRange<std::size_t>(0, log.bytes.size()));
    cuts.insert(log.bytes.size());
    for (std::size_t cut : cuts) {
      state->content = log.bytes.substr(0, cut);
      RC_ASSERT(reader.refresh(visit).ok());
      RC_ASSERT(is_prefix(found, log.bodies));
    }
    RC_ASSERT(found == log.bodies);
    RC_ASSERT(reader.dropped().empty());
  }));
}

}  // namespace
}  // namespace errand::journal
#endif
