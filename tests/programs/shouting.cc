// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <string>

#include "errand/language.h"

/// The interpreter of a small language: a function's bytes name what is done with a task's text.
namespace {

using errand::Codec;
using errand::Error;
using errand::ErrorCode;
using errand::Result;
using errand::TaskFailure;

bool forked = false;
bool idled = false;
bool rehearsed = false;

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class Shouting final : public errand::language::Runner {
 public:
  Result<void> prepare(const errand::language::JobInput& job) override {
    if (job.language != "shouting") return Error{ErrorCode::not_supported, "only shouting", false, "", 0};
    function_ = text_of(job.function);
    shared_ = text_of(job.arguments);
    seed_ = job.seed.value_or(0);
    return {};
  }

  std::optional<TaskFailure> run(std::uint64_t task, std::uint32_t, std::span<const std::byte> arguments,
                                 errand::ValueSink& sink) override {
    std::string text = text_of(arguments) + shared_;
    if (function_ == "fail") {
      TaskFailure failure;
      failure.type = "Hoarse";
      failure.message = text;
      return failure;
    }
    for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    sink.begin(Codec::raw);
    write(sink, text);
    if (function_ == "echo") {
      for (std::uint64_t i = 0; i < task; ++i) {
        sink.next_buffer();
        write(sink, std::to_string(i));
      }
    }
    if (function_ == "about") write(sink, " " + std::to_string(seed_) + (forked ? " forked" : " alone"));
    if (function_ == "hooks")
      write(sink, (rehearsed ? " rehearsed" : "") + std::string(idled ? " idled" : ""));
    return std::nullopt;
  }

 private:
  static void write(errand::ValueSink& sink, const std::string& text) {
    sink.write(text.data(), text.size());
  }

  std::string function_;
  std::string shared_;
  std::uint64_t seed_ = 0;
};

}  // namespace

int main() {
  return errand::language::run_workers(
      [] { return std::make_unique<Shouting>(); },
      {[] { forked = true; }, [] { idled = rehearsed; }, [] { rehearsed = !idled; }});
}
