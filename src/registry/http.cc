// SPDX-License-Identifier: Apache-2.0
#include "registry/http.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <limits>

#include "base/error.h"
#include "base/text.h"
#include "registry/network_error.h"

namespace stack::registry {
namespace {

namespace http = boost::beast::http;

constexpr std::uint32_t largest_head = 64 << 10;
constexpr std::size_t read_size = 1 << 17;

void send_chunks(Connection& connection, const BodySource& source) {
  for (auto piece = source(); !piece.empty(); piece = source()) {
    connection.write(fmt::format("{:x}\r\n", piece.size()));
    connection.write(piece);
    connection.write("\r\n");
  }
  connection.write("0\r\n\r\n");
}

std::string head_of(const Request& request, const std::optional<Proxy>& proxy) {
  const std::string target = proxy ? to_text(request.url) : request.url.target;
  std::string head = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: stack\r\n",
                                 request.method, target, authority(request.url.origin));
  head += "Connection: close\r\nAccept-Encoding: identity\r\n";
  if (proxy && !proxy->authorization.empty())
    head += fmt::format("Proxy-Authorization: {}\r\n", proxy->authorization);
  for (const auto& [name, value] : request.headers) {
    if (value.find_first_of("\r\n") != std::string::npos) fail("a header with a line break");
    head += fmt::format("{}: {}\r\n", name, value);
  }
  const bool has_body = request.method != "GET" && request.method != "HEAD";
  if (request.stream) {
    head += "Transfer-Encoding: chunked\r\n";
  } else if (has_body) {
    head += fmt::format("Content-Length: {}\r\n", request.body.size());
  }
  return head + "\r\n";
}

}  // namespace

struct Response::Parts {
  Parts(const Origin& server, const TlsSetup& tls, const Waits& waits)
      : connection(server, tls, waits) {
    parser.header_limit(largest_head);
    // Bodies are counted by who reads them.
    parser.body_limit(std::numeric_limits<std::uint64_t>::max());
  }

  Connection connection;
  http::response_parser<http::buffer_body> parser;
  boost::beast::flat_buffer input;
  std::vector<char> body = std::vector<char>(read_size);

  /// Feeds the parser what has come, or what comes next.
  void advance() {
    boost::system::error_code problem;
    if (input.size() == 0) fetch(problem);
    if (!problem) input.consume(parser.put(input.data(), problem));
    if (problem == http::error::need_more) {
      problem = {};
      fetch(problem);
    }
    if (problem == http::error::need_buffer) problem = {};
    if (problem) refuse(problem);
  }
  void fetch(boost::system::error_code& problem) {
    const auto space = input.prepare(read_size);
    const std::size_t count = connection.read(static_cast<char*>(space.data()), space.size());
    input.commit(count);
    if (count == 0) parser.put_eof(problem);
  }
  [[noreturn]] static void refuse(const boost::system::error_code& problem) {
    if (problem == http::error::partial_message || problem == http::error::end_of_stream)
      throw NetworkError("the server broke off");
    throw Error(fmt::format("the server's answer is no HTTP: {}", problem.message()));
  }
};

Response::Response(const Request& request, const TlsSetup& tls, const Waits& waits) {
  during(to_text(request.url.origin), [&] {
    parts_ = std::make_unique<Parts>(request.url.origin, tls, waits);
    if (request.method == "HEAD") parts_->parser.skip(true);
    auto& connection = parts_->connection;
    connection.write(head_of(request, connection.plain_proxy()) + request.body);
    if (request.stream) send_chunks(connection, request.stream);
    do {
      parts_->advance();
    } while (!parts_->parser.is_header_done());
    if (status() == 407 && connection.plain_proxy()) refuse_by_proxy();
  });
}

Response::~Response() = default;
Response::Response(Response&&) noexcept = default;

int Response::status() const {
  return static_cast<int>(parts_->parser.get().result_int());
}

std::string Response::header(std::string_view name) const {
  const auto& fields = parts_->parser.get();
  const auto found = fields.find(boost::beast::string_view(name.data(), name.size()));
  return found == fields.end() ? "" : std::string(found->value());
}

std::vector<std::string> Response::headers(std::string_view name) const {
  std::vector<std::string> values;
  const auto range =
      parts_->parser.get().equal_range(boost::beast::string_view(name.data(), name.size()));
  for (auto each = range.first; each != range.second; ++each) values.emplace_back(each->value());
  return values;
}

std::optional<std::uint64_t> Response::length() const {
  const auto length = parts_->parser.content_length();
  if (!length) return std::nullopt;
  return *length;
}

std::string_view Response::read() {
  auto& parts = *parts_;
  while (!parts.parser.is_done()) {
    auto& sink = parts.parser.get().body();
    sink.data = parts.body.data();
    sink.size = parts.body.size();
    sink.more = true;
    parts.advance();
    const std::size_t count = parts.body.size() - sink.size;
    if (count > 0) return {parts.body.data(), count};
  }
  return {};
}

std::string Response::read_all(std::uint64_t limit) {
  std::string text;
  for (auto piece = read(); !piece.empty(); piece = read()) {
    text += piece;
    if (text.size() > limit) fail("the server's answer is larger than {} bytes", limit);
  }
  return text;
}

}  // namespace stack::registry
