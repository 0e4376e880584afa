// SPDX-License-Identifier: Apache-2.0
#include "engine/scheduler/command.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "system/descriptor.h"
#include "system/files.h"
#include "system/processes.h"
#include "system/try.h"

namespace errand::engine::scheduler {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// A scheduler that prints more than this about one user's jobs is not believed.
constexpr std::size_t longest_output = std::size_t{256} << 20;
constexpr std::size_t longest_excerpt = 300;

struct Pipe {
  system::Descriptor read;
  system::Descriptor write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return system::os_error(errno, "make", "a pipe", true);
  return Pipe{system::keep_off_standard(system::Descriptor(ends[0])),
              system::keep_off_standard(system::Descriptor(ends[1]))};
}

/// A file in memory: a program that does not read its input cannot block us.
Result<system::Descriptor> input_file(const std::string& input) {
  system::Descriptor file =
      system::keep_off_standard(system::Descriptor(memfd_create("errand-input", MFD_CLOEXEC)));
  if (!file || write(file.get(), input.data(), input.size()) != static_cast<ssize_t>(input.size()) ||
      lseek(file.get(), 0, SEEK_SET) != 0) {
    return system::os_error(errno, "write", "a file in memory", true);
  }
  return file;
}

bool begins_with_any(std::string_view entry, const std::vector<std::string>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [entry](const std::string& prefix) { return entry.starts_with(prefix); });
}

std::vector<std::string> environment_for(const Command& command) {
  std::vector<std::string> environment = command.environment;
  environment.emplace_back("LC_ALL=C");
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::string name(text.substr(0, text.find('=') + 1));
    const bool set_already = name == "LC_ALL=" || begins_with_any(name, command.without) ||
                             std::any_of(command.environment.begin(), command.environment.end(),
                                         [&name](const auto& own) { return own.starts_with(name); });
    if (!set_already) environment.emplace_back(text);
  }
  return environment;
}

/// Reads what is there; false at the end of the stream.
bool take_output(int descriptor, std::string& text) {
  std::array<char, 65536> part;
  const ssize_t got = read(descriptor, part.data(), part.size());
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  if (got <= 0 || text.size() > longest_output) return false;
  text.append(part.data(), static_cast<std::size_t>(got));
  return true;
}

/// Both streams to their ends. False: not within the time.
bool read_streams(Pipe& out, Pipe& err, Answer& answer, Clock::time_point deadline) {
  while (out.read || err.read) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return false;
    std::array<pollfd, 2> asked = {pollfd{out.read.get(), POLLIN, 0}, pollfd{err.read.get(), POLLIN, 0}};
    if (poll(asked.data(), asked.size(), static_cast<int>(left.count())) < 0) continue;
    if (asked[0].revents != 0 && !take_output(out.read.get(), answer.out)) out.read.reset();
    if (asked[1].revents != 0 && !take_output(err.read.get(), answer.err)) err.read.reset();
  }
  return true;
}

int collect(std::int32_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return 0;  // the program ignores SIGCHLD: only the output can tell
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

Error took_too_long(const std::string& program, milliseconds patience) {
  return {ErrorCode::engine_unavailable,
          program + " did not answer within " + std::to_string(patience.count() / 1000) + " s", true,
          "the scheduler may be busy or down; try again", 0};
}

}  // namespace

Result<Answer> run(const Command& command, milliseconds patience) {
  TRY(std::string path, find_program_in_path(command.argv.at(0)));
  TRY(Pipe out, make_pipe());
  TRY(Pipe err, make_pipe());
  TRY(system::Descriptor input, input_file(command.input));
  system::SpawnRequest request;
  request.argv = command.argv;
  request.argv[0] = path;
  request.environment = environment_for(command);
  request.keep = {input.get(), out.write.get(), err.write.get()};
  const auto deadline = Clock::now() + patience;
  TRY(const std::int32_t pid, system::system_processes().spawn(request));
  out.write.reset();
  err.write.reset();
  Answer answer;
  const bool complete = read_streams(out, err, answer, deadline);
  if (!complete) system::system_processes().signal(pid, SIGKILL);
  answer.exit_code = collect(pid);
  if (!complete) return took_too_long(command.argv[0], patience);
  return answer;
}

Result<std::string> find_program_in_path(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* search = std::getenv("PATH");
  std::string_view rest = search == nullptr ? "/usr/local/bin:/usr/bin:/bin" : search;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    std::string candidate = std::string(rest.substr(0, end)) + "/" + name;
    if (candidate[0] == '/' && access(candidate.c_str(), X_OK) == 0) return candidate;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return Error{ErrorCode::engine_unavailable, name + " was not found in PATH", false,
               "submit from a host that has the scheduler's commands, or put them into PATH", 0};
}

std::string shell_quoted(std::string_view word) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,@%+";
  if (!word.empty() && word.find_first_not_of(plain) == std::string_view::npos) return std::string(word);
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted.push_back(c);
    }
  }
  return quoted + "'";
}

std::string excerpt(std::string_view text) {
  std::string line;
  bool gap = false;
  for (const char c : text) {
    const bool blank = static_cast<unsigned char>(c) <= ' ' || c == 0x7f;
    if (blank) {
      gap = !line.empty();
      continue;
    }
    if (gap) line.push_back(' ');
    gap = false;
    line.push_back(static_cast<unsigned char>(c) < 0x80 ? c : '?');
    if (line.size() >= longest_excerpt) return line + "...";
  }
  return line;
}

}  // namespace errand::engine::scheduler
