// SPDX-License-Identifier: Apache-2.0
// What one outcome costs in memory, without a process or a disk: written into a run, read back, checked.
#include <benchmark/benchmark.h>

#include <string>

#include "errand/encoding.h"
#include "journal/outcome.h"
#include "journal/record.h"

constexpr int run_length = 4'096;

std::string a_run() {
  std::string value("\x2a");
  std::string out;
  std::size_t position = errand::journal::begin_record(out);
  for (int task = 0; task < run_length; ++task) {
    errand::journal::Outcome outcome;
    outcome.task = static_cast<std::uint64_t>(task);
    outcome.codec = errand::Codec::msgpack;
    outcome.inline_bytes = std::as_bytes(std::span(value));
    errand::journal::append_outcome(out, outcome);
  }
  errand::journal::finish_record(out, position, errand::journal::RecordType::outcomes);
  return out;
}

void write_outcomes(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(a_run());
  state.SetItemsProcessed(state.iterations() * run_length);
}
BENCHMARK(write_outcomes)->Name("an outcome written into a run");

void read_outcomes(benchmark::State& state) {
  std::string bytes = a_run();
  for (auto _ : state) {
    errand::journal::RecordReader reader(std::as_bytes(std::span(bytes)));
    std::uint64_t sum = 0;
    while (auto record = reader.next()) {
      std::size_t position = 0;
      for (;;) {
        auto outcome = errand::journal::read_outcome(record->body, position);
        if (!outcome || !*outcome) break;
        sum += (*outcome)->task;
      }
    }
    if (sum != std::uint64_t{run_length} * (run_length - 1) / 2) state.SkipWithError("outcomes are missing");
  }
  state.SetItemsProcessed(state.iterations() * run_length);
}
BENCHMARK(read_outcomes)->Name("an outcome checked and read back");

BENCHMARK_MAIN();
