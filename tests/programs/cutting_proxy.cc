// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <thread>

/// A way to a PostgreSQL server on which sessions are cut:
///
///     cutting_proxy LISTEN TARGET MOST FILE
///     cutting_proxy LISTEN TARGET before|behind|half NUMBER FILE
///
/// LISTEN and TARGET are paths of sockets. Of the sessions through it the first two are cut at the client's
/// first message, the next two at its second, and so on; of two, one before the message has passed, one
/// behind it, so that the answer is lost. From message MOST on nothing is cut, and FILE is made.
/// The second form cuts once, in whatever session it comes to that: before the clients' message of that
/// number; behind the message of that number that asks for an answer (what is between would be the same as
/// before the next); or when half of the servers' answer of that number has passed, each row of a COPY by
/// itself. Then FILE is made. Ends with its parent's end of standard input.
namespace {

enum class Cut { none, before, half, behind };
/// What becomes of the next message of a client or answer of the server. `asks`: it is a message behind which
/// a client waits.
using Decision = std::function<Cut(bool of_server, bool asks)>;

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

/// The messages of one side, told apart; the server's are put together to what it says in one go.
class Messages {
 public:
  explicit Messages(bool of_server) : of_server_(of_server), begun_(of_server) {}
  [[nodiscard]] bool of_server() const { return of_server_; }
  void add(const char* bytes, std::size_t length) { waiting_.append(bytes, length); }
  /// Length of the whole message or answer that is there; 0: not yet.
  [[nodiscard]] std::size_t next() const {
    std::size_t end = 0;
    while (const std::size_t length = length_at(end)) {
      const bool is_last = !of_server_ || ends_answer(waiting_[end]);
      end += length;
      if (is_last) return end;
    }
    return 0;
  }
  std::string take(std::size_t length) {
    std::string message = waiting_.substr(0, length);
    waiting_.erase(0, length);
    begun_ = true;
    return message;
  }
  /// Of the message that next() has found. A client's first one has no type and asks.
  [[nodiscard]] bool asks() const {
    return !begun_ || std::string_view("QSp").find(waiting_.front()) != std::string_view::npos;
  }

 private:
  [[nodiscard]] std::size_t length_at(std::size_t at) const {
    const std::size_t head = at + (begun_ ? 1 : 0);
    if (waiting_.size() < head + 4) return 0;
    std::uint32_t length = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      length = length << 8 | static_cast<unsigned char>(waiting_[head + i]);
    }
    return waiting_.size() >= head + length ? head + length - at : 0;
  }
  /// Ready, a question of its own, an error, a notification; a COPY's begin and each of its rows.
  static bool ends_answer(char type) {
    return std::string_view("ZREAHd").find(type) != std::string_view::npos;
  }

  const bool of_server_;
  std::string waiting_;
  bool begun_;
};

/// Passes on what is whole. False: the session is over.
bool pass_messages(Messages& messages, int to, const Decision& decide) {
  while (const std::size_t length = messages.next()) {
    const bool asks = messages.asks();
    const std::string message = messages.take(length);
    const Cut cut = decide(messages.of_server(), asks);
    if (cut == Cut::before) return false;
    const std::size_t passed = cut == Cut::half ? message.size() / 2 : message.size();
    if (!pass_on(to, message.data(), passed) || cut != Cut::none) return false;
  }
  return true;
}

void serve(int client, int server, const Decision& decide) {
  std::array<Messages, 2> messages{Messages(false), Messages(true)};
  const std::array<int, 2> ends{client, server};
  std::array<char, 65536> bytes{};
  for (bool open = true; open;) {
    std::array<pollfd, 2> polled{{{client, POLLIN, 0}, {server, POLLIN, 0}}};
    if (poll(polled.data(), polled.size(), -1) < 0) break;
    for (std::size_t from = 0; from < ends.size() && open; ++from) {
      if (polled[from].revents == 0) continue;
      const ssize_t got = recv(ends[from], bytes.data(), bytes.size(), 0);
      if (got > 0) messages[from].add(bytes.data(), static_cast<std::size_t>(got));
      open = got > 0 && pass_messages(messages[from], ends[1 - from], decide);
    }
  }
  close(client);
  // The server does what it has got before it sees that nobody is there.
  shutdown(server, SHUT_WR);
  while (recv(server, bytes.data(), bytes.size(), 0) > 0) {
  }
  close(server);
}

/// Of the sessions in turn: each is cut a little later than the one before.
Decision of_session(int session, int most) {
  const int cut_at = session / 2 + 1;
  if (cut_at >= most) return [](bool, bool) { return Cut::none; };
  return [count = 0, cut_at, behind = session % 2 == 1](bool of_server, bool) mutable {
    if (of_server || ++count != cut_at) return Cut::none;
    return behind ? Cut::behind : Cut::before;
  };
}

/// One message of all sessions.
Decision of_all(Cut cut, int number, const std::string& file) {
  static std::atomic<int> count = 0;
  return [=](bool of_server, bool asks) {
    const bool counts = cut == Cut::half ? of_server : !of_server && (cut == Cut::before || asks);
    if (!counts || ++count != number) return Cut::none;
    std::ofstream(file) << number;
    return cut;
  };
}

/// Whoever finds the socket can connect.
int listen_at(const std::string& path) {
  const std::string early = path + ".new";
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  const sockaddr_un address = address_of(early.c_str());
  unlink(early.c_str());
  if (bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return -1;
  chmod(early.c_str(), 0777);
  return listen(listener, 16) == 0 && std::rename(early.c_str(), path.c_str()) == 0 ? listener : -1;
}

void end_with_parent() {
  std::thread([] {
    char byte = 0;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    _exit(0);
  }).detach();
}

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string, Cut> words{
      {"before", Cut::before}, {"behind", Cut::behind}, {"half", Cut::half}};
  const bool once = argc == 6 && words.count(argv[3]) == 1;
  if (argc != 5 && !once) return 2;
  const int listener = listen_at(argv[1]);
  if (listener < 0) return 1;
  end_with_parent();
  const int number = std::atoi(argv[once ? 4 : 3]);
  for (int session = 0;; ++session) {
    const int client = accept(listener, nullptr, nullptr);
    const int server = client < 0 ? -1 : connect_to(argv[2]);
    if (server < 0) {
      close(client);
      continue;
    }
    if (!once && session / 2 + 1 >= number) std::ofstream(argv[4]) << session;
    const Decision decide = once ? of_all(words.at(argv[3]), number, argv[5]) : of_session(session, number);
    std::thread(serve, client, server, decide).detach();
  }
}
