// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

/// A way to a PostgreSQL server on which sessions are cut:
///
///     cutting_proxy LISTEN TARGET MOST FILE
///
/// LISTEN and TARGET are paths of sockets. Of the sessions through it the first two are cut at the client's
/// first message, the next two at its second, and so on; of two, one before the message has passed, one
/// behind it, so that the answer is lost. From message MOST on nothing is cut, and FILE is made. Ends with
/// its parent's end of standard input.
namespace {

sockaddr_un address_of(const char* path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  return address;
}

int connect_to(const char* path) {
  const int opened = socket(AF_UNIX, SOCK_STREAM, 0);
  const sockaddr_un address = address_of(path);
  if (connect(opened, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return opened;
  close(opened);
  return -1;
}

bool pass_on(int to, const char* bytes, std::size_t length) {
  while (length > 0) {
    const ssize_t sent = send(to, bytes, length, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes += sent;
    length -= static_cast<std::size_t>(sent);
  }
  return true;
}

/// The client's messages, told apart: the first has no type.
class Messages {
 public:
  void add(const char* bytes, std::size_t length) { waiting_.append(bytes, length); }
  /// Length of the whole message that is there; 0: not yet.
  [[nodiscard]] std::size_t next() const {
    const std::size_t head = begun_ ? 1 : 0;
    if (waiting_.size() < head + 4) return 0;
    std::uint32_t length = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      length = length << 8 | static_cast<unsigned char>(waiting_[head + i]);
    }
    return waiting_.size() >= head + length ? head + length : 0;
  }
  std::string take(std::size_t length) {
    std::string message = waiting_.substr(0, length);
    waiting_.erase(0, length);
    begun_ = true;
    return message;
  }

 private:
  std::string waiting_;
  bool begun_ = false;
};

/// True if it was cut.
bool take_messages(Messages& messages, int server, int& count, int cut_at, bool behind) {
  while (const std::size_t length = messages.next()) {
    const std::string message = messages.take(length);
    const bool cut = cut_at > 0 && ++count == cut_at;
    if (cut && !behind) return true;
    if (!pass_on(server, message.data(), message.size()) || cut) return true;
  }
  return false;
}

void serve(int client, int server, int cut_at, bool behind) {
  Messages messages;
  int count = 0;
  std::array<char, 65536> bytes{};
  for (;;) {
    std::array<pollfd, 2> polled{{{client, POLLIN, 0}, {server, POLLIN, 0}}};
    if (poll(polled.data(), polled.size(), -1) < 0) break;
    if (polled[0].revents != 0) {
      const ssize_t got = recv(client, bytes.data(), bytes.size(), 0);
      if (got <= 0) break;
      messages.add(bytes.data(), static_cast<std::size_t>(got));
      if (take_messages(messages, server, count, cut_at, behind)) break;
    }
    if (polled[1].revents != 0) {
      const ssize_t got = recv(server, bytes.data(), bytes.size(), 0);
      if (got <= 0 || !pass_on(client, bytes.data(), static_cast<std::size_t>(got))) break;
    }
  }
  close(client);
  // The server does what it has got before it sees that nobody is there.
  shutdown(server, SHUT_WR);
  while (recv(server, bytes.data(), bytes.size(), 0) > 0) {
  }
  close(server);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  const int most = std::atoi(argv[3]);
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  const sockaddr_un address = address_of(argv[1]);
  unlink(argv[1]);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return 1;
  chmod(argv[1], 0777);
  if (listen(listener, 16) != 0) return 1;
  std::thread([] {
    char byte = 0;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    _exit(0);
  }).detach();
  for (int session = 0;; ++session) {
    const int client = accept(listener, nullptr, nullptr);
    const int server = client < 0 ? -1 : connect_to(argv[2]);
    if (server < 0) {
      close(client);
      continue;
    }
    const int cut_at = 1 + session / 2;
    if (cut_at >= most) std::ofstream(argv[4]) << session;
    std::thread(serve, client, server, cut_at < most ? cut_at : 0, session % 2 == 1).detach();
  }
}
