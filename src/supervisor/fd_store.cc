// SPDX-License-Identifier: Apache-2.0
#include "supervisor/fd_store.h"

#include "base/error.h"
#include "supervisor/store_message.h"

namespace stack::supervisor {
namespace {

StoreMessage message_about(StoreVerb verb, const std::string& name) {
  StoreMessage message{verb, {}};
  if (name.size() >= message.name.size()) fail("name \"{}\" is too long for the keeper", name);
  name.copy(message.name.data(), name.size());
  return message;
}

void send(int socket, const StoreMessage& message, int fd) {
  if (!send_store_message(socket, message, fd)) throw_errno("lost the stack's keeper");
}

}  // namespace

void FdStore::announce_ready() {
  send(socket_, message_about(StoreVerb::ready, ""), -1);
}

void FdStore::keep(const std::string& name, int fd) {
  send(socket_, message_about(StoreVerb::keep, name), fd);
}

void FdStore::drop(const std::string& name) {
  send(socket_, message_about(StoreVerb::drop, name), -1);
}

FdStore::Contents FdStore::list() {
  send(socket_, message_about(StoreVerb::list, ""), -1);
  Contents contents;
  for (;;) {
    StoreMessage message;
    int fd = -1;
    if (!receive_store_message(socket_, message, fd, 0)) fail("lost the stack's keeper");
    Fd owned(fd);
    if (message.verb == StoreVerb::end) return contents;
    if (message.verb == StoreVerb::exited)
      contents.exits.emplace_back(message.name.data());
    else
      contents.kept[message.name.data()] = std::move(owned);
  }
}

}  // namespace stack::supervisor
