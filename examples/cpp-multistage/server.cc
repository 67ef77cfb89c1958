// Answers every request with one line.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>

namespace {

std::string answer(const std::string& body) {
  return "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

int test() {
  const bool fine = answer("ab\n").ends_with("Content-Length: 3\r\n\r\nab\n");
  std::puts(fine ? "tested" : "wrong");
  return fine ? 0 : 1;
}

int serve() {
  const int listening = socket(AF_INET, SOCK_STREAM, 0);
  const int yes = 1;
  setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(8000);
  if (bind(listening, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      listen(listening, 64) != 0) {
    std::perror("server");
    return 1;
  }
  const std::string text = answer("Hello from C++.\n");
  for (;;) {
    const int connection = accept(listening, nullptr, nullptr);
    if (connection < 0) continue;
    char request[4096];
    if (read(connection, request, sizeof request) > 0)
      if (write(connection, text.data(), text.size()) < 0) std::perror("write");
    close(connection);
  }
}

}  // namespace

int main(int count, char** words) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGTERM, [](int) { _exit(0); });
  if (count > 1 && std::strcmp(words[1], "--test") == 0) return test();
  return serve();
}
