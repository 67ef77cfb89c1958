// SPDX-License-Identifier: Apache-2.0
#include "cli/lasting_client.h"

#include <poll.h>

#include <chrono>

#include "base/error.h"
#include "cli/signals.h"

namespace stack::cli {
namespace {

/// How long a keeper may take to start a supervisor anew.
constexpr auto patience = std::chrono::seconds(5);

}  // namespace

std::uint64_t LastingClient::send(supervisor::Request request) {
  const std::uint64_t number = ++last_;
  unanswered_[number] = std::move(request);
  try {
    // A client that is made now asks everything unanswered, this included.
    if (!client_) {
      reconnect();
    } else {
      numbers_[client_->send(unanswered_[number])] = number;
    }
  } catch (const Error&) {
    reconnect();
  }
  return number;
}

std::optional<supervisor::Reply> LastingClient::receive() {
  std::optional<supervisor::Reply> reply;
  try {
    reply = connected().receive(std::chrono::milliseconds(0));
  } catch (const Error&) {
    reconnect();
  }
  if (!reply) return std::nullopt;
  const auto known = numbers_.find(reply->id);
  if (known == numbers_.end()) return std::nullopt;
  reply->id = known->second;
  unanswered_.erase(reply->id);
  numbers_.erase(known);
  return reply;
}

std::optional<supervisor::Reply> LastingClient::await() {
  const HeldSignals held;
  while (interrupts() == 0 && !hung_up()) {
    if (auto reply = receive()) return reply;
    pollfd socket{fd(), POLLIN, 0};
    ::ppoll(&socket, 1, nullptr, &held.before());
  }
  return std::nullopt;
}

int LastingClient::fd() {
  return connected().fd();
}

supervisor::Client& LastingClient::connected() {
  if (!client_) reconnect();
  return *client_;
}

void LastingClient::reconnect() {
  client_.reset();
  numbers_.clear();
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!client_) {
    client_ = supervisor::Client::connect(HostPaths::from_environment(), project_);
    if (client_) break;
    if (std::chrono::steady_clock::now() > deadline)
      fail("the supervisor of {} cannot be reached", project_);
    ::poll(nullptr, 0, 20);
  }
  for (const auto& [number, request] : unanswered_) numbers_[client_->send(request)] = number;
}

}  // namespace stack::cli
