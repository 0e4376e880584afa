// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>

namespace errand::cli {
namespace {

constexpr std::size_t usual_width = 80;

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::size_t columns_of(int descriptor) {
  std::string_view asked = variable("COLUMNS");
  std::size_t columns = 0;
  std::from_chars(asked.data(), asked.data() + asked.size(), columns);
  if (columns > 0) return columns;
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return usual_width;
}

const char* sequence(Paint paint) {
  switch (paint) {
    case Paint::plain:
      return "";
    case Paint::strong:
      return "\x1b[1m";
    case Paint::faint:
      return "\x1b[2m";
    case Paint::red:
      return "\x1b[31m";
    case Paint::green:
      return "\x1b[32m";
    case Paint::yellow:
      return "\x1b[33m";
    case Paint::blue:
      return "\x1b[34m";
    case Paint::magenta:
      return "\x1b[35m";
  }
  return "";
}

}  // namespace

Terminal terminal_of(int descriptor, ColorMode mode) {
  Terminal terminal;
  terminal.interactive = isatty(descriptor) == 1;
  terminal.width = terminal.interactive ? columns_of(descriptor) : 0;
  bool wanted = terminal.interactive && variable("NO_COLOR").empty() && variable("TERM") != "dumb";
  terminal.color = mode == ColorMode::always || (mode == ColorMode::automatic && wanted);
  return terminal;
}

std::string painted(std::string_view text, Paint paint, bool color) {
  if (!color || paint == Paint::plain || text.empty()) return std::string(text);
  return sequence(paint) + std::string(text) + "\x1b[0m";
}

Paint paint_of(JobStatus status) noexcept {
  switch (status) {
    case JobStatus::queued:
      return Paint::yellow;
    case JobStatus::running:
      return Paint::blue;
    case JobStatus::finished:
      return Paint::green;
    case JobStatus::failed:
      return Paint::red;
    case JobStatus::canceled:
      return Paint::magenta;
    case JobStatus::missing:
      return Paint::faint;
    case JobStatus::undetermined:
      return Paint::strong;
  }
  return Paint::plain;
}

}  // namespace errand::cli
