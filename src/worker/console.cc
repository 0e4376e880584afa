// SPDX-License-Identifier: Apache-2.0
#include "worker/console.h"

#include <fcntl.h>
#include <stdio_ext.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <limits>

#include "system/try.h"
#include "worker/ticks.h"

namespace errand::worker {
namespace {

/// No console file ends here, and file systems with a smaller limit refuse it (then every task is asked).
constexpr off_t unmoved = (off_t{1} << 40) + 4099;

/// Reaches the protected pointers of any stream buffer.
struct Peek : std::streambuf {
  static bool pending(std::streambuf* buffer) {
    return buffer != nullptr && (buffer->*&Peek::pptr)() != (buffer->*&Peek::pbase)();
  }
};

bool streams_pending() {
  return __fpending(stdout) != 0 || __fpending(stderr) != 0 || Peek::pending(std::cout.rdbuf()) ||
         Peek::pending(std::cerr.rdbuf()) || Peek::pending(std::clog.rdbuf());
}

void flush_streams() {
  std::cout.flush();
  std::cerr.flush();
  std::clog.flush();
  std::wcout.flush();
  std::fflush(stdout);
  std::fflush(stderr);
}

/// In ticks: what a task that makes any system call cannot go below, with a margin.
std::uint64_t measure_shortest_call() {
  constexpr int batches = 16;
  constexpr int calls = 4;
  std::uint64_t shortest = std::numeric_limits<std::uint64_t>::max();
  for (int batch = 0; batch < batches; ++batch) {
    std::uint64_t begin = read_ticks();
    for (int call = 0; call < calls; ++call) (void)syscall(SYS_getppid);
    shortest = std::min(shortest, read_ticks() - begin);
  }
  return shortest / calls * 9 / 10;
}

void open_null_input() {
  int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (null < 0) return;
  dup2(null, STDIN_FILENO);
  if (null > STDERR_FILENO) ::close(null);
}

}  // namespace

Result<std::unique_ptr<Console>> Console::open(system::Files& files, const std::string& path,
                                               std::uint64_t limit,
                                               std::shared_ptr<share::ProgressPage> page) {
  TRY(auto file, files.create(path));
  std::unique_ptr<Console> console(new Console(std::move(file), limit, std::move(page)));
  console->shortest_call_ = measure_shortest_call();
  console->take_over();
  return console;
}

void Console::take_over() {
  flush_streams();
  int own = file_->descriptor();
  // Programs ask 1 and 2 for this flag and behave differently.
  fcntl(own, F_SETFL, fcntl(own, F_GETFL) & ~O_NONBLOCK);
  open_null_input();
  restore();
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  lseek(own, unmoved, SEEK_SET);
}

void Console::restore() {
  dup2(file_->descriptor(), STDOUT_FILENO);
  dup2(file_->descriptor(), STDERR_FILENO);
}

void Console::begin_range() {
  if (!is_unmoved()) end_ = settle();
  page_->console_begin.store(end_, std::memory_order_relaxed);
}

std::optional<journal::ConsoleSpan> Console::end_task(std::uint64_t ticks) {
  bool pending = streams_pending();
  if (!pending && ticks < shortest_call_) return std::nullopt;
  if (pending) flush_streams();
  if (is_unmoved()) return std::nullopt;
  std::uint64_t begin = end_;
  end_ = settle();
  page_->console_begin.store(end_, std::memory_order_relaxed);
  if (end_ <= begin) return std::nullopt;
  trim_.trim(*file_, begin, end_);
  return journal::ConsoleSpan{begin, end_};
}

bool Console::is_unmoved() const {
  return lseek(STDOUT_FILENO, 0, SEEK_CUR) == unmoved && lseek(STDERR_FILENO, 0, SEEK_CUR) == unmoved;
}

bool Console::is_ours(int descriptor) const {
  struct stat own {};
  struct stat theirs {};
  return fstat(file_->descriptor(), &own) == 0 && fstat(descriptor, &theirs) == 0 &&
         own.st_dev == theirs.st_dev && own.st_ino == theirs.st_ino &&
         lseek(descriptor, 0, SEEK_CUR) == lseek(file_->descriptor(), 0, SEEK_CUR);
}

// Gives the file's length. What others append between the two calls is found at the next look.
std::uint64_t Console::settle() {
  if (!is_ours(STDOUT_FILENO) || !is_ours(STDERR_FILENO)) restore();
  lseek(file_->descriptor(), unmoved, SEEK_SET);
  auto now = file_->info();
  return now ? now->size : end_;
}

}  // namespace errand::worker
