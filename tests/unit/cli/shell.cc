// SPDX-License-Identifier: Apache-2.0
#include "unit/cli/shell.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace errand::cli {
namespace {

std::string content(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

std::string command_folder() {
  const char* command = std::getenv("ERRAND_COMMAND");
  std::filesystem::path path = command != nullptr ? command : ERRAND_BINARY_DIR "/bin/errand";
  return path.parent_path().string();
}

}  // namespace

std::string Ran::line() const {
  return out.substr(0, out.find_last_not_of('\n') + 1);
}

Shell::Shell() {
  std::string pattern = (std::filesystem::temp_directory_path() / "errand-cli-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) ADD_FAILURE() << "no temporary directory";
  home_ = pattern;
}

Shell::~Shell() {
  // Without jobs the agents have nothing to run, and they end when their place is gone.
  (void)run("ids=$(errand jobs --quiet) && [ -n \"$ids\" ] && errand cleanup --force --quiet $ids");
  std::error_code ignored;
  std::filesystem::remove_all(home_, ignored);
}

Ran Shell::run(const std::string& commands) const {
  std::filesystem::path script = home_ / "script";
  std::ofstream(script) << "unset ERRAND_SHARE_DIR ERRAND_CONTEXT ERRAND_CORES ERRAND_COMMAND NO_COLOR\n"
                        << "export ERRAND_AGENT_IDLE=3 XDG_STATE_HOME='" << home_.string()
                        << "/state' XDG_CONFIG_HOME='" << home_.string() << "/config'\n"
                        << "PATH='" << command_folder() << "':$PATH\ncd '" << home_.string() << "'\n"
                        << commands << "\n";
  std::string line = "bash '" + script.string() + "' </dev/null >'" + (home_ / "out").string() + "' 2>'" +
                     (home_ / "err").string() + "'";
  int status = std::system(line.c_str());  // NOLINT: a shell is what is tested
  return {content(home_ / "out"), content(home_ / "err"), WIFEXITED(status) ? WEXITSTATUS(status) : -1};
}

}  // namespace errand::cli
