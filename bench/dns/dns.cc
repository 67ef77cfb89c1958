// SPDX-License-Identifier: Apache-2.0
// A client that asks one resolver for one name again and again, from inside a network namespace.
//
//   bench_dns NAMESPACE ADDRESS NAME SECONDS RATE
//   bench_dns NAMESPACE ADDRESS                     (answers instead, and prints a line first)
//
// With RATE 0 as fast as answers come, 64 questions being out at a time; otherwise that many a
// second, evenly. Prints JSON: how many came back and how long each took, in microseconds.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "base/files.h"
#include "base/format.h"
#include "base/text.h"
#include "network/namespaces.h"

namespace {

using namespace stack;
using Clock = std::chrono::steady_clock;

constexpr int window = 64;
constexpr std::size_t ids = 65536;
/// A question without an answer by then is lost.
constexpr auto patience = std::chrono::milliseconds(200);

struct Options {
  std::string namespace_path, address, name;
  double seconds = 0;
  double rate = 0;
};

/// A query for A of `name`, to be given an id.
std::string query_for(const std::string& name) {
  std::string query("\0\0\1\0\0\1\0\0\0\0\0\0", 12);
  for (const std::string& label : split(name, '.'))
    query += static_cast<char>(label.size()) + label;
  return query + std::string("\0\0\1\0\1", 5);
}

/// Made inside, and put to use by `use` (bind or connect) with the address, port 53.
template <typename Use>
Fd socket_inside(const Options& options, Use use) {
  const Fd inside = open_file(options.namespace_path, O_RDONLY);
  const network::InNamespace visit(inside.get());
  Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(53);
  if (::inet_pton(AF_INET, options.address.c_str(), &address.sin_addr) != 1)
    fail("{} is no address", options.address);
  if (use(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0)
    throw_errno("a socket for {}", options.address);
  return socket;
}

[[noreturn]] void answer(const Options& options) {
  const Fd socket = socket_inside(options, ::bind);
  fmt::print("ready\n");
  std::fflush(stdout);
  std::array<char, 512> message;
  for (;;) {
    sockaddr_in client{};
    socklen_t size = sizeof(client);
    auto* address = reinterpret_cast<sockaddr*>(&client);
    const ssize_t got = ::recvfrom(socket.get(), message.data(), message.size(), 0, address, &size);
    if (got < 12) continue;
    message[2] = static_cast<char>(0x81);
    message[7] = 1;
    ::sendto(socket.get(), message.data(), static_cast<std::size_t>(got), 0, address, size);
  }
}

class Load {
 public:
  explicit Load(const Options& options)
      : options_(options),
        socket_(socket_inside(options, ::connect)),
        query_(query_for(options.name)) {}

  void run() {
    begin_ = Clock::now();
    const auto end = begin_ + std::chrono::duration<double>(options_.seconds);
    while (Clock::now() < end) {
      send(due());
      receive(wait_time());
    }
    end_ = Clock::now();
    while (outstanding_ > 0) {
      receive(patience);
    }
  }

  void print() {
    std::ranges::sort(latencies_);
    const auto at = [&](double part) {
      if (latencies_.empty()) return 0.0;
      return latencies_[static_cast<std::size_t>(part * double(latencies_.size() - 1))];
    };
    const double seconds = std::chrono::duration<double>(end_ - begin_).count();
    fmt::print(
        "{{\"asked\": {}, \"answered\": {}, \"seconds\": {:.3f}, \"p50\": {:.1f}, \"p99\": {:.1f}, "
        "\"longest\": {:.1f}}}\n",
        asked_, latencies_.size(), seconds, at(0.5), at(0.99), at(1));
  }

 private:
  int due() const {
    if (options_.rate == 0) return window - outstanding_;
    const double passed = std::chrono::duration<double>(Clock::now() - begin_).count();
    return std::min(window, static_cast<int>(passed * options_.rate) - static_cast<int>(asked_));
  }
  /// Until an answer comes, or the next question is due.
  Clock::duration wait_time() const {
    if (options_.rate == 0) return patience;
    const std::chrono::duration<double> next(double(asked_ + 1) / options_.rate);
    const auto left = std::chrono::duration_cast<Clock::duration>(next) - (Clock::now() - begin_);
    return std::max(left, Clock::duration::zero());
  }

  void send(int count) {
    if (count <= 0) return;
    std::array<mmsghdr, window> headers{};
    std::array<iovec, window> parts;
    std::array<std::string, window> queries;
    for (int i = 0; i < count; ++i) {
      queries[i] = query_;
      queries[i][0] = static_cast<char>(next_ >> 8);
      queries[i][1] = static_cast<char>(next_);
      sent_[next_] = Clock::now();
      next_ = (next_ + 1) % ids;
      parts[i] = {queries[i].data(), queries[i].size()};
      headers[i].msg_hdr.msg_iov = &parts[i];
      headers[i].msg_hdr.msg_iovlen = 1;
    }
    const int sent = ::sendmmsg(socket_.get(), headers.data(), static_cast<unsigned>(count), 0);
    if (sent < 0) throw_errno("sendmmsg");
    outstanding_ += sent;
    asked_ += static_cast<std::size_t>(sent);
  }

  void receive(Clock::duration wait) {
    pollfd ready{socket_.get(), POLLIN, 0};
    const auto count = std::chrono::nanoseconds(wait).count();
    const timespec timeout{count / 1'000'000'000, count % 1'000'000'000};
    if (::ppoll(&ready, 1, &timeout, nullptr) == 0) {
      if (wait == patience) outstanding_ = 0;  // lost, all of them
      return;
    }
    std::array<mmsghdr, window> headers{};
    std::array<iovec, window> parts;
    for (std::size_t i = 0; i < window; ++i) {
      parts[i] = {replies_[i].data(), replies_[i].size()};
      headers[i].msg_hdr.msg_iov = &parts[i];
      headers[i].msg_hdr.msg_iovlen = 1;
    }
    const int got = ::recvmmsg(socket_.get(), headers.data(), window, MSG_DONTWAIT, nullptr);
    const auto now = Clock::now();
    for (int i = 0; i < got; ++i) note(replies_[i], now);
  }

  void note(const std::array<char, 4096>& reply, Clock::time_point now) {
    const auto id = static_cast<std::uint8_t>(reply[0]) << 8 | static_cast<std::uint8_t>(reply[1]);
    const bool has_answers = (reply[3] & 15) == 0 && (reply[6] != 0 || reply[7] != 0);
    if (!has_answers) fail("{} has no address there", options_.name);
    latencies_.push_back(std::chrono::duration<double, std::micro>(now - sent_[id]).count());
    outstanding_ = std::max(0, outstanding_ - 1);
  }

  Options options_;
  Fd socket_;
  std::string query_;
  std::vector<Clock::time_point> sent_ = std::vector<Clock::time_point>(ids);
  std::vector<double> latencies_;
  std::array<std::array<char, 4096>, window> replies_;
  std::size_t next_ = 0, asked_ = 0;
  int outstanding_ = 0;
  Clock::time_point begin_, end_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6 && argc != 3) {
    fmt::print(stderr, "usage: bench_dns NAMESPACE ADDRESS [NAME SECONDS RATE]\n");
    return 2;
  }
  try {
    if (argc == 3) answer({argv[1], argv[2], "", 0, 0});
    Load load({argv[1], argv[2], argv[3], std::stod(argv[4]), std::stod(argv[5])});
    load.run();
    load.print();
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_dns: {}\n", error.what());
    return 1;
  }
  return 0;
}
