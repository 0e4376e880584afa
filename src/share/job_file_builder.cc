// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <utility>

#include "journal/record.h"
#include "share/task_source.h"
#include "system/try.h"

namespace errand::share {
namespace {

constexpr std::uint64_t most_tasks_in_a_run = 4096;
constexpr std::size_t most_bytes_in_a_run = std::size_t{1} << 20;
constexpr std::uint64_t most_bare_tasks = 0xffff'0000;

template <class T>
void put(std::string& out, T number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

void put_coded(std::string& out, journal::RecordType type, Codec codec, std::string_view bytes) {
  std::size_t position = journal::begin_record(out);
  put(out, static_cast<std::uint32_t>(codec));
  put(out, std::uint32_t{0});
  out.append(bytes);
  journal::finish_record(out, position, type);
}

void put_run_header(std::string& out, std::uint64_t first, std::uint32_t count, Codec codec) {
  put(out, first);
  put(out, count);
  put(out, static_cast<std::uint32_t>(codec));
}

}  // namespace

JobFileBuilder::JobFileBuilder(const Manifest& manifest) {
  journal::FileHeader header;
  header.kind = "job";
  header.job = manifest.id;
  journal::append_file_header(out_, header);
  journal::append_record(out_, journal::RecordType::manifest, encode(manifest), journal::must_understand);
}

JobFileBuilder JobFileBuilder::continuing(std::uint64_t total) {
  JobFileBuilder builder;
  builder.total_ = total;
  return builder;
}

void JobFileBuilder::arguments(Codec codec, std::string_view bytes) {
  put_coded(out_, journal::RecordType::arguments, codec, bytes);
}

void JobFileBuilder::function(Codec codec, std::string_view bytes) {
  put_coded(out_, journal::RecordType::function, codec, bytes);
}

void JobFileBuilder::bare_tasks(std::uint64_t count) {
  end_run();
  while (count > 0) {
    std::uint64_t some = std::min(count, most_bare_tasks);
    std::size_t position = journal::begin_record(out_);
    put_run_header(out_, total_, static_cast<std::uint32_t>(some), Codec::none);
    journal::finish_record(out_, position, journal::RecordType::tasks, journal::must_understand);
    total_ += some;
    count -= some;
  }
}

void JobFileBuilder::task(std::string_view arguments) {
  if (run_count_ == 0) {
    run_position_ = journal::begin_record(out_);
    put_run_header(out_, total_, 0, Codec::msgpack);
  }
  put(out_, static_cast<std::uint32_t>(arguments.size()));
  out_.append(arguments);
  ++run_count_;
  ++total_;
  if (run_count_ == most_tasks_in_a_run || out_.size() - run_position_ >= most_bytes_in_a_run) end_run();
}

void JobFileBuilder::end_run() {
  if (run_count_ == 0) return;
  auto count = static_cast<std::uint32_t>(run_count_);
  std::memcpy(out_.data() + run_position_ + journal::record_header_size + 8, &count, sizeof count);
  journal::finish_record(out_, run_position_, journal::RecordType::tasks, journal::must_understand);
  run_count_ = 0;
}

void JobFileBuilder::close() {
  end_run();
  std::string body;
  put(body, total_);
  journal::append_record(out_, journal::RecordType::closed, body, journal::must_understand);
}

Result<void> JobFileBuilder::write_to(system::File& file) {
  end_run();
  TRY_VOID(file.append(std::as_bytes(std::span(out_))));
  out_.clear();
  file.start_writeback();
  return {};
}

std::string JobFileBuilder::take() {
  end_run();
  return std::exchange(out_, {});
}

}  // namespace errand::share
