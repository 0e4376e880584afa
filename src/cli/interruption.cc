// SPDX-License-Identifier: Apache-2.0
#include "cli/interruption.h"

namespace errand::cli {
namespace {

// A signal handler can reach nothing else.
volatile std::sig_atomic_t signal_came = 0;

void remember(int) {
  signal_came = 1;
}

}  // namespace

Interruption::Interruption() {
  signal_came = 0;
  struct sigaction action {};
  action.sa_handler = remember;
  sigemptyset(&action.sa_mask);
  // No SA_RESTART: waiting system calls shall return.
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, &before_);
}

Interruption::~Interruption() {
  sigaction(SIGINT, &before_, nullptr);
}

bool Interruption::requested() noexcept {
  return signal_came != 0;
}

}  // namespace errand::cli
