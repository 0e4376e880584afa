// SPDX-License-Identifier: Apache-2.0
#include "client/program_file.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <optional>

#include "system/descriptor.h"
#include "system/try.h"

namespace errand::client {
namespace {

#if defined(__x86_64__)
constexpr std::uint16_t own_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr std::uint16_t own_machine = EM_AARCH64;
#elif defined(__riscv)
constexpr std::uint16_t own_machine = EM_RISCV;
#elif defined(__powerpc64__)
constexpr std::uint16_t own_machine = EM_PPC64;
#elif defined(__s390x__)
constexpr std::uint16_t own_machine = EM_S390;
#else
constexpr std::uint16_t own_machine = EM_NONE;  // unknown here: nothing is refused
#endif

Error refuse_program(std::string message, std::string hint = {}) {
  return {ErrorCode::invalid_argument, std::move(message), false, std::move(hint), 0};
}

std::string machine_name(std::uint16_t machine) {
  switch (machine) {
    case EM_386:
      return "i386";
    case EM_X86_64:
      return "x86-64";
    case EM_ARM:
      return "arm";
    case EM_AARCH64:
      return "aarch64";
    case EM_RISCV:
      return "riscv";
    case EM_PPC64:
      return "ppc64";
    case EM_S390:
      return "s390";
    default:
      return "machine " + std::to_string(machine);
  }
}

/// A machine that runs 32-bit programs of its family needs no second opinion.
bool runs_here(std::uint16_t machine) {
  if (own_machine == EM_NONE || machine == own_machine) return true;
  return (own_machine == EM_X86_64 && machine == EM_386) || (own_machine == EM_AARCH64 && machine == EM_ARM);
}

/// The machine an ELF file is for; nothing for scripts and everything else.
std::optional<std::uint16_t> elf_machine(const std::string& path) {
  system::Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  std::array<unsigned char, 20> head{};
  if (!file || read(file.get(), head.data(), head.size()) != static_cast<ssize_t>(head.size())) {
    return std::nullopt;
  }
  if (std::memcmp(head.data(), ELFMAG, SELFMAG) != 0) return std::nullopt;
  bool big_endian = head[EI_DATA] == ELFDATA2MSB;
  return static_cast<std::uint16_t>(big_endian ? head[18] << 8 | head[19] : head[19] << 8 | head[18]);
}

Result<void> check_program(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) {
    return refuse_program("cannot run " + path + ": " + std::strerror(errno), "name a program that exists");
  }
  if (S_ISDIR(status.st_mode)) return refuse_program("cannot run " + path + ": it is a directory");
  if (access(path.c_str(), X_OK) != 0) {
    return refuse_program("cannot run " + path + ": it is not executable", "chmod +x " + path);
  }
  auto machine = elf_machine(path);
  if (machine && !runs_here(*machine)) {
    return refuse_program("cannot run " + path + ": it is built for " + machine_name(*machine) +
                          ", this machine is " + machine_name(own_machine));
  }
  return {};
}

Result<std::string> checked(const std::string& path) {
  std::error_code problem;
  std::string absolute = std::filesystem::absolute(path, problem).lexically_normal().string();
  if (problem) return refuse_program("cannot run " + path + ": " + problem.message());
  TRY_VOID(check_program(absolute));
  return absolute;
}

bool is_program(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && access(path.c_str(), X_OK) == 0;
}

}  // namespace

Result<std::string> find_program(const std::string& name, std::string_view search_path) {
  if (name.empty()) return refuse_program("the program's name is empty");
  if (name.find('/') != std::string::npos) return checked(name);
  for (std::size_t begin = 0; begin <= search_path.size();) {
    std::size_t end = std::min(search_path.find(':', begin), search_path.size());
    std::string_view folder = search_path.substr(begin, end - begin);
    std::string candidate = (folder.empty() ? "." : std::string(folder)) + "/" + name;
    if (is_program(candidate)) return checked(candidate);
    begin = end + 1;
  }
  return refuse_program("there is no program " + name + " in PATH", "give its path, for one here: ./" + name);
}

}  // namespace errand::client
